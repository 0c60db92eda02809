//! Flask-Login and what builds on it: `current_user` stands for whatever the application's `user_loader` gives.

use crate::project::eval::Evaluator;
use crate::project::value::Value;

/// The decorators by which an application says who its users are.
pub const LOADERS: &[&str] = &["user_loader", "user_lookup_loader"];

/// The object that stands for the user of the request, by each of its paths.
fn is_current_user(path: &str) -> bool {
    let package = path.strip_suffix(".current_user").unwrap_or_default();
    matches!(package, "flask_login" | "flask_login.utils" | "flask_security" | "flask_security.utils" | "flask_jwt_extended" | "quart_login")
}

/// What a name of that path stands for; `None` for any other name, and where several functions load users, or none that is understood.
pub fn proxy<'a>(ev: &mut Evaluator<'_, 'a>, path: &str) -> Option<Value<'a>> {
    if ev.world.is_collecting() || !is_current_user(path) || !ev.world.index.knows_user_loaders() {
        return None;
    }
    let world = ev.world;
    let mut loaders = world.index.user_loaders().filter(|f| !world.is_test(world.index.function(*f).file));
    let (Some(loader), None) = (loaders.next(), loaders.next()) else { return None };
    world.looks_into(world.index.function(loader).file);
    let user = ev.result_of(loader).not_none();
    let is_model = |v: &Value<'_>| matches!(v, Value::Instance(c) if world.models.of_class(*c).is_some());
    is_model(&user).then_some(user)
}
