fn main() {
    let mut s = String::new();
    std::io::Read::read_to_string(&mut std::io::stdin(), &mut s).unwrap();
    let t = dbtruth::syntax::sql::template::Template::from_source(dbtruth::source::FileId(0), &s, 0);
    let r = dbtruth::syntax::sql::parse(&t, Default::default());
    let short = |x: String| x;
    for st in r.statements {
        println!("{}", short(format!("{:?}", st.statement)));
    }
    for (sp, k) in r.skipped {
        println!("SKIP {k:?} {}", &s[sp.range()]);
    }
}
