//! All files' facts linked into one picture: imports, classes, values, models, references.

mod again;
mod alias;
pub mod annotation;
pub mod beyond;
pub mod builtins;
pub mod callbacks;
mod concerns;
pub mod digest;
pub mod documents;
pub mod eval;
pub mod flow;
pub mod fold;
pub mod generics;
pub mod index;
pub mod inline;
pub mod isolate;
pub mod keep;
pub mod libraries;
pub mod link;
pub mod models;
pub mod modules;
pub mod narrow;
pub mod relink;
pub mod rounds;
mod scope;
pub mod strings;
pub mod text;
pub mod through;
pub mod trace;
mod tried;
pub mod uses;
pub mod value;
pub mod world;

pub use link::Project;
pub use relink::Relinker;
