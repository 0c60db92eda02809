//! `cargo dbtruth …`

fn main() {}
