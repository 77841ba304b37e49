-- All that a user sees of the views, functions, triggers, indexes, rules and keys of a database: what each is, whose it
-- is, who may use it, what is said of it. Rows compare as texts.

select
    relation.oid::regclass::text as name,
    relkind::text as kind,
    concat_ws(
        ' / ',
        pg_get_userbyid(relowner),
        reloptions,
        (select array_agg(item::text order by item::text) from unnest(relacl) as item),
        pg_get_viewdef(relation.oid),
        relispopulated,
        obj_description(relation.oid)
    ) as definition
from pg_class as relation
where relkind in ('v', 'm') and relnamespace::regnamespace::text in ('"Lab"', 'public')
union all
select
    attrelid::regclass || '.' || attname,
    'column of a view',
    concat_ws(' / ', attnum, col_description(attrelid, attnum), attacl, pg_get_expr(adbin, adrelid))
from pg_attribute
join pg_class on pg_class.oid = attrelid
left join pg_attrdef on adrelid = attrelid and adnum = attnum
where attnum > 0 and relkind in ('v', 'm') and relnamespace::regnamespace::text = '"Lab"'
union all
select
    pg_proc.oid::regprocedure::text,
    'function',
    concat_ws(
        ' / ',
        pg_get_userbyid(proowner),
        (select array_agg(item::text order by item::text) from unnest(proacl) as item),
        pg_get_functiondef(pg_proc.oid),
        obj_description(pg_proc.oid)
    )
from pg_proc
where pronamespace::regnamespace::text in ('"Lab"', 'public')
union all
select conname, 'key', pg_get_constraintdef(oid)
from pg_constraint
where conname = 'to the log'
union all
select tgname, 'trigger', pg_get_triggerdef(oid)
from pg_trigger
where not tgisinternal
union all
select indexname, 'index', indexdef
from pg_indexes
where schemaname = 'Lab'
union all
select rulename, 'rule', pg_get_ruledef(oid)
from pg_rewrite
where rulename <> '_RETURN' and ev_class::regclass::text like '"Lab"%'
