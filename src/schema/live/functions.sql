-- Functions, procedures and aggregates; not those that a type made for itself, such as the constructors of ranges.
SELECT n.nspname, p.proname, p.prokind::text, p.proretset, format_type(p.prorettype, NULL), array_to_json(p.proargnames), array_to_json(p.proargmodes::text[]),
       (SELECT json_agg(format_type(u.x, NULL) ORDER BY u.o) FROM unnest(coalesce(p.proallargtypes, p.proargtypes::oid[])) WITH ORDINALITY u(x, o)),
       (SELECT json_agg(pg_get_function_arg_default(p.oid, u.o::int) ORDER BY u.o) FROM unnest(coalesce(p.proallargtypes, p.proargtypes::oid[])) WITH ORDINALITY u(x, o)),
       p.provariadic <> 0
FROM pg_proc p
JOIN pg_namespace n ON n.oid = p.pronamespace
WHERE n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'
  AND NOT EXISTS (SELECT 1 FROM pg_depend d WHERE d.classid = 'pg_proc'::regclass AND d.objid = p.oid AND d.objsubid = 0 AND d.deptype IN ('e', 'i'))
