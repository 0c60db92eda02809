//! Tables as Alembic's operations write them.

use super::revision;

#[test]
fn a_table_of_many_columns_stands_in_its_schema() {
    let many: String = (0..120).map(|n| format!("sa.Column('c{n}', sa.Integer()), ")).collect();
    let s = revision(&format!("op.create_table('wide', {many}schema='shop')"));
    assert_eq!(s.relation(Some("shop"), "wide").map(|t| t.1.columns.len()), Some(120));
}

#[test]
fn a_key_to_the_column_of_a_table_in_a_schema() {
    let s = revision(
        "t = op.create_table('places', sa.Column('id', sa.Integer(), primary_key=True), schema='shop')
op.create_table('orders', sa.Column('place', sa.Integer(), sa.ForeignKey(t.c.id)), schema='shop')",
    );
    assert_eq!(s.relation(Some("shop"), "orders").unwrap().1.foreign_keys[0].target.to_string(), "shop.places");
    assert_eq!(s.relations.len(), 2, "{:?}", s.relations.keys());
}
