.mode list
select 'hello';
