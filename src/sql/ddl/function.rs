//! Functions, procedures and aggregates.

use super::{Ddl, NoteKind, Source};
use crate::schema::types::{self, TypeRef};
use crate::schema::{ArgMode, Argument, Function, QualifiedName, Returns};
use crate::syntax::sql::ast::{AlterFunction, CreateFunction, FunctionSignature, ObjectName, Parameter, ParameterMode, TypeName};

impl Ddl {
    pub(super) fn create_function(&mut self, source: Source<'_>, create: &CreateFunction) {
        let name = self.new_name(&create.name);
        let arguments: Vec<Argument> = create.parameters.iter().map(|p| self.argument(source, p)).collect();
        let outputs: Vec<&Argument> = arguments.iter().filter(|a| matches!(a.mode, ArgMode::Out | ArgMode::InOut)).collect();
        let returns = if create.procedure {
            Returns::Nothing
        } else if !create.returns_table.is_empty() {
            Returns::Table(
                create.returns_table.iter().map(|c| (c.name.as_str().to_owned(), c.ty.as_ref().map(|t| self.bare_type(t)).unwrap_or_default())).collect(),
            )
        } else {
            match (&create.returns, outputs.as_slice()) {
                (Some(ty), _) if ty.setof => Returns::SetOf(self.bare_type(ty)),
                (Some(ty), _) => Returns::One(self.bare_type(ty)),
                (None, [one]) => Returns::One(one.ty.clone()),
                (None, _) => Returns::One("record".to_owned()),
            }
        };
        self.put_function(name, Function { arguments, returns, at: Some(create.name.name.span) });
    }

    /// An aggregate; its result is not written in its definition.
    pub(super) fn create_aggregate(&mut self, source: Source<'_>, signature: &FunctionSignature) {
        let name = self.new_name(&signature.name);
        let arguments = signature.arguments.as_deref().unwrap_or_default().iter().map(|p| self.argument(source, p)).collect();
        self.put_function(name, Function { arguments, returns: Returns::One("aggregate".to_owned()), at: Some(signature.name.name.span) });
    }

    /// Replaces the overload with the same input types.
    fn put_function(&mut self, name: QualifiedName, function: Function) {
        let overloads = self.schema.functions.entry(name).or_default();
        match overloads.iter_mut().find(|f| inputs(&f.arguments) == inputs(&function.arguments)) {
            Some(old) => *old = function,
            None => overloads.push(function),
        }
    }

    fn argument(&self, source: Source<'_>, parameter: &Parameter) -> Argument {
        let ty = parameter.ty.as_ref().map(|t| self.bare_type(t)).unwrap_or_default();
        let mode = match parameter.mode {
            ParameterMode::In => ArgMode::In,
            ParameterMode::Out => ArgMode::Out,
            ParameterMode::InOut => ArgMode::InOut,
            ParameterMode::Variadic => ArgMode::Variadic,
        };
        // Unlike a column's, an argument's NULL says that it may be left out.
        let default = parameter.default.as_ref().map(|d| self.default_of(source.expr(d), &ty).unwrap_or_else(|| "null".to_owned()));
        Argument { name: parameter.name.map(|n| n.as_str().to_owned()), ty, mode, default }
    }

    /// A type as PostgreSQL keeps it for arguments and results: without modifiers.
    fn bare_type(&self, ty: &TypeName) -> String {
        let text = self.type_text(ty);
        types::parse(&text).map_or(text, |t: TypeRef| t.bare().print(self.unqualified()))
    }

    fn find_function(&self, name: &ObjectName) -> QualifiedName {
        self.find(name, |n| self.schema.functions.contains_key(n))
    }

    /// Drops the overload with those arguments, or the only one; gives whether it was there.
    pub(super) fn drop_function(&mut self, name: &ObjectName, arguments: Option<&[Parameter]>) -> bool {
        let found = self.find_function(name);
        let wanted = arguments.map(|list| self.signature(list));
        let Some(overloads) = self.schema.functions.get_mut(&found) else { return false };
        let before = overloads.len();
        match wanted {
            Some(wanted) => overloads.retain(|f| inputs(&f.arguments) != wanted),
            None => overloads.clear(),
        }
        let dropped = overloads.len() < before;
        if overloads.is_empty() {
            self.schema.functions.remove(&found);
        }
        dropped
    }

    fn signature(&self, parameters: &[Parameter]) -> Vec<String> {
        let input = |p: &&Parameter| p.mode != ParameterMode::Out;
        parameters.iter().filter(input).map(|p| p.ty.as_ref().map(|t| self.bare_type(t)).unwrap_or_default()).collect()
    }

    pub(super) fn alter_function(&mut self, alter: &AlterFunction) {
        if alter.rename_to.is_none() && alter.set_schema.is_none() {
            return;
        }
        let old = self.find_function(&alter.function.name);
        let wanted = alter.function.arguments.as_deref().map(|list| self.signature(list));
        let Some(overloads) = self.schema.functions.get_mut(&old) else {
            self.note(alter.function.name.span(), NoteKind::UnknownObject("function", alter.function.name.to_string()));
            return;
        };
        let (moved, kept): (Vec<_>, Vec<_>) = std::mem::take(overloads).into_iter().partition(|f| wanted.as_ref().is_none_or(|w| inputs(&f.arguments) == *w));
        if kept.is_empty() {
            self.schema.functions.remove(&old);
        } else {
            *overloads = kept;
        }
        let schema = alter.set_schema.map_or(old.schema, |s| s.as_str().to_owned());
        let name = alter.rename_to.map_or(old.name, |n| n.as_str().to_owned());
        self.schema.functions.entry(QualifiedName::new(schema, name)).or_default().extend(moved);
    }
}

/// What tells overloads apart.
fn inputs(arguments: &[Argument]) -> Vec<String> {
    arguments.iter().filter(|a| a.mode != ArgMode::Out).map(|a| a.ty.clone()).collect()
}
