//! `git dbtruth …`

fn main() {}
