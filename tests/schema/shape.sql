-- Everything that the migrations make, so that two states of a database can be compared.

select table_name || '.' || column_name as name, concat_ws(' / ', data_type, is_nullable, column_default) as definition
from information_schema.columns
where table_schema = 'public'
union all
select indexname, indexdef
from pg_indexes
where schemaname = 'public'
union all
-- From Postgres 18 on NOT NULL is a constraint, too: the columns above have it.
select conname, pg_get_constraintdef(oid)
from pg_constraint
where connamespace = 'public'::regnamespace and contype <> 'n'
union all
select oid::regprocedure::text, pg_get_functiondef(oid)
from pg_proc
where pronamespace = 'public'::regnamespace
union all
select pg_describe_object(classoid, objoid, objsubid), description
from pg_description
join pg_class on classoid = 'pg_class'::regclass and objoid = pg_class.oid
where relnamespace = 'public'::regnamespace
