fn main() {
    let p = std::env::args().nth(1).unwrap();
    let t = std::fs::read_to_string(p).unwrap();
    let mut parser = tree_sitter::Parser::new();
    parser.set_language(&tree_sitter_python::LANGUAGE.into()).unwrap();
    let tree = parser.parse(&t, None).unwrap();
    println!("{:#}", tree.root_node());
    println!("{:#?}", dbtruth::syntax::python::parse(&t));
}
