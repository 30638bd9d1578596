.mode list
.read words/two.sql
select 'file: ' || word from words;
.exit 3
