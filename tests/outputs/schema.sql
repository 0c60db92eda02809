create type status as enum ('draft', 'sent', 'paid');
create type place as (city text, zip text);
create table a (
    id int primary key, x int not null, y int, name text not null, note varchar(20), state status not null, last status, day date, made timestamptz not null,
    price numeric(8,2) not null, big bigint, meta jsonb, doc jsonb not null, tags text[], home place, flag boolean not null, maybe boolean, key uuid not null
);
create table b (id int primary key, x int not null, a_id int, label text not null, other text, amount numeric, seen timestamp, ok boolean);
create table c (id int not null, x int, b_id int not null, word text not null, rank int not null);
create view shown as select a.id, a.name, b.label, a.y from a left join b on b.a_id = a.id;
create function pairs(n int) returns table (id int, word text) language sql as 'select null::int, null::text from generate_series(1, n)';
create function some_a() returns setof a language sql as 'select (null::a).* ';
insert into a values
    (1, 1, null, 'one', null, 'draft', null, null, '2024-01-01', 1.5, null, null, '{"k": null, "l": 1}', null, null, true, null, '00000000-0000-0000-0000-000000000001'),
    (2, 1, 2, 'two', 'n', 'sent', 'paid', '2024-02-02', '2024-01-02', 2.25, 9, '{"k": 1}', '[]', '{x,null}', row('here', null), false, true, '00000000-0000-0000-0000-000000000002'),
    (3, 2, 1, '', '', 'paid', 'draft', null, '2024-01-03', 0, 5, 'null', 'null', '{}', row(null, null), true, false, '00000000-0000-0000-0000-000000000003'),
    (7, 4, null, 'seven', 'm', 'draft', null, '2020-01-01', '2024-01-04', 7, null, null, '7', '{a}', null, false, null, '00000000-0000-0000-0000-000000000007');
insert into b values (1, 2, 1, 'p', null, null, null, null), (2, 1, 1, 'q', 'r', 3, '2024-01-01 10:00', true), (4, 9, null, 's', null, 4.5, null, false), (5, 4, 3, 't', 'u', null, null, null);
insert into c values (1, 1, 1, 'one', 3), (1, null, 2, 'two', 1), (6, 4, 4, 'q', 2), (8, null, 9, 'z', 1);
