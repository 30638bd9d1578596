-- Captured output is any text a program wrote, NUL included, which a text column can't hold: kept as UTF-8 bytes.
alter table executions alter column stdout drop default, alter column stderr drop default;
alter table executions
  alter column stdout type bytea using convert_to(stdout, 'UTF8'),
  alter column stderr type bytea using convert_to(stderr, 'UTF8');
alter table executions alter column stdout set default '', alter column stderr set default '';
