select 'r ' || n.nspname || '.' || c.relname || ' ' || c.relkind::text || ' ' || string_agg(a.attname || ':' || replace(format_type(a.atttypid, null), ' ', '_'), ' ' order by a.attnum)
from pg_class c join pg_namespace n on n.oid = c.relnamespace join pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
where n.nspname in ('pg_catalog', 'information_schema') and c.relkind in ('r', 'v')
group by n.nspname, c.relname, c.relkind order by n.nspname collate "C", c.relname collate "C";
with f as (
  select p.proname as name,
    p.pronargs - p.pronargdefaults as lo, p.pronargs as hi, p.provariadic <> 0 as vari,
    (p.pronargs - p.pronargdefaults <= 1 and p.pronargs >= 1 and (p.proargtypes[0]::regtype::text in ('record', '"any"', 'anyelement', 'anynonarray', 'anycompatible', 'anycompatiblenonarray') or p.provariadic <> 0)) as any_row,
    replace(format_type(p.prorettype, null), ' ', '_') || case when p.proretset then '+' else '' end as result,
    coalesce((select string_agg(p.proargnames[i] || ':' || replace(format_type(p.proallargtypes[i], null), ' ', '_'), ' ' order by i)
      from generate_subscripts(p.proallargtypes, 1) i where p.proargmodes[i] in ('o', 'b', 't')), '') as outs
  from pg_proc p where p.pronamespace = 'pg_catalog'::regnamespace and p.prokind <> 'p'
    and p.prorettype::regtype::text not in ('internal', 'language_handler', 'fdw_handler', 'index_am_handler', 'tsm_handler', 'table_am_handler')
    and not exists (select from unnest(p.proargtypes) t where t::regtype::text = 'internal')
    and p.prosrc !~ '(_in|in|out|_out|recv|send|sel|typmodin|typmodout|sortsupport|equalimage)$'
), g as (select name, min(lo) as lo, max(hi) as hi, bool_or(vari) as vari, bool_or(any_row) as any_row, result, outs from f group by name, result, outs)
select 'f ' || name || ' ' || lo || '-' || hi || case when vari then '*' else '' end || case when any_row then '!' else '' end || ' ' || result || case when outs = '' then '' else ' ' || outs end
from g order by name collate "C", result collate "C", outs collate "C";
select 't ' || t.typname || ' ' || t.typcategory::text from pg_type t where t.typnamespace = 'pg_catalog'::regnamespace and t.typtype in ('b', 'p', 'r', 'm') and t.typname !~ '^_' and t.typrelid = 0 order by 1;
