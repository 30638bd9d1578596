create table words as select 'second' as word;
