//! The node kinds of the Python grammar that lowering knows, as one small enum.
//!
//! tree-sitter names kinds by strings and numbers that change with every release of the grammar. The numbers are looked up once a process; a test
//! holds that every name used here exists in the grammar, so that a renamed node cannot silently become [`Kind::Other`].

use std::sync::LazyLock;

use tree_sitter::Language;

macro_rules! kinds {
    (nodes { $($node:ident = $node_name:literal,)* } tokens { $($token:ident = $token_name:literal,)* }) => {
        /// What a node is.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub(super) enum Kind {
            $($node,)*
            $($token,)*
            /// Bytes that the grammar could not fit in.
            Error,
            /// A token without a meaning of its own here: `,`, `(`, `def`…
            Token,
            /// A node that lowering does not know.
            Other,
        }

        /// Kind, name, and whether it is a named node (not a bare token).
        const NAMES: &[(Kind, &str, bool)] = &[$((Kind::$node, $node_name, true),)* $((Kind::$token, $token_name, false),)*];
    };
}

kinds! {
    nodes {
    AliasedImport = "aliased_import",
    ArgumentList = "argument_list",
    AsPattern = "as_pattern",
    AsPatternTarget = "as_pattern_target",
    Assert = "assert_statement",
    Assignment = "assignment",
    Attribute = "attribute",
    AugmentedAssignment = "augmented_assignment",
    Await = "await",
    Binary = "binary_operator",
    Block = "block",
    Boolean = "boolean_operator",
    Break = "break_statement",
    Call = "call",
    CaseClause = "case_clause",
    CasePattern = "case_pattern",
    Chevron = "chevron",
    Class = "class_definition",
    ClassPattern = "class_pattern",
    Comment = "comment",
    Comparison = "comparison_operator",
    ConcatenatedString = "concatenated_string",
    Conditional = "conditional_expression",
    Continue = "continue_statement",
    Decorated = "decorated_definition",
    Decorator = "decorator",
    DefaultParameter = "default_parameter",
    Delete = "delete_statement",
    Dictionary = "dictionary",
    DictionaryComprehension = "dictionary_comprehension",
    DictionarySplat = "dictionary_splat",
    DictionarySplatPattern = "dictionary_splat_pattern",
    DottedName = "dotted_name",
    Elif = "elif_clause",
    Ellipsis = "ellipsis",
    Else = "else_clause",
    Except = "except_clause",
    Exec = "exec_statement",
    ExpressionList = "expression_list",
    ExpressionStatement = "expression_statement",
    False = "false",
    Finally = "finally_clause",
    Float = "float",
    For = "for_statement",
    ForIn = "for_in_clause",
    FormatSpecifier = "format_specifier",
    Function = "function_definition",
    FutureImport = "future_import_statement",
    Generator = "generator_expression",
    GenericType = "generic_type",
    Global = "global_statement",
    Identifier = "identifier",
    If = "if_statement",
    IfClause = "if_clause",
    Import = "import_statement",
    ImportFrom = "import_from_statement",
    ImportPrefix = "import_prefix",
    Integer = "integer",
    Interpolation = "interpolation",
    KeywordArgument = "keyword_argument",
    KeywordPattern = "keyword_pattern",
    KeywordSeparator = "keyword_separator",
    Lambda = "lambda",
    LambdaParameters = "lambda_parameters",
    LineContinuation = "line_continuation",
    List = "list",
    ListComprehension = "list_comprehension",
    ListPattern = "list_pattern",
    ListSplat = "list_splat",
    ListSplatPattern = "list_splat_pattern",
    Match = "match_statement",
    MemberType = "member_type",
    Module = "module",
    Named = "named_expression",
    None = "none",
    Nonlocal = "nonlocal_statement",
    Not = "not_operator",
    Pair = "pair",
    Parameters = "parameters",
    Parenthesized = "parenthesized_expression",
    Pass = "pass_statement",
    PatternList = "pattern_list",
    PositionalSeparator = "positional_separator",
    Print = "print_statement",
    Raise = "raise_statement",
    RelativeImport = "relative_import",
    Return = "return_statement",
    Set = "set",
    SetComprehension = "set_comprehension",
    Slice = "slice",
    SplatType = "splat_type",
    SplatPattern = "splat_pattern",
    String = "string",
    Subscript = "subscript",
    True = "true",
    Try = "try_statement",
    Tuple = "tuple",
    TuplePattern = "tuple_pattern",
    Type = "type",
    TypeAlias = "type_alias_statement",
    TypeConversion = "type_conversion",
    TypedDefaultParameter = "typed_default_parameter",
    TypedParameter = "typed_parameter",
    TypeParameter = "type_parameter",
    Unary = "unary_operator",
    UnionType = "union_type",
    While = "while_statement",
    WildcardImport = "wildcard_import",
    With = "with_statement",
    WithClause = "with_clause",
    WithItem = "with_item",
    Yield = "yield",
    }
    tokens {
    AndWord = "and",
    AsWord = "as",
    AsyncWord = "async",
    Colon = ":",
    Comma = ",",
    Equals = "=",
    InWord = "in",
    }
}

static TABLE: LazyLock<Vec<Kind>> = LazyLock::new(|| {
    let language: Language = tree_sitter_python::LANGUAGE.into();
    let count = u16::try_from(language.node_kind_count()).unwrap_or(u16::MAX);
    let kind = |id: u16| {
        let (name, named) = (language.node_kind_for_id(id).unwrap_or(""), language.node_kind_is_named(id));
        let known = NAMES.iter().find(|n| n.1 == name && n.2 == named).map(|n| n.0);
        known.unwrap_or(if named { Kind::Other } else { Kind::Token })
    };
    (0..count).map(kind).collect()
});

impl Kind {
    /// The kind with tree-sitter's number.
    pub(super) fn of(id: u16) -> Kind {
        // tree-sitter's number for an error node is the highest there is.
        if id == u16::MAX { Kind::Error } else { TABLE.get(id as usize).copied().unwrap_or(Kind::Other) }
    }

    /// Nodes that the grammar allows anywhere and that mean nothing to the tree.
    pub(super) fn is_extra(self) -> bool {
        matches!(self, Kind::Comment | Kind::LineContinuation)
    }

    /// A bare token: punctuation, a keyword.
    pub(super) fn is_token(self) -> bool {
        matches!(self, Kind::Token | Kind::AndWord | Kind::AsWord | Kind::AsyncWord | Kind::Colon | Kind::Comma | Kind::Equals | Kind::InWord)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_exists_in_the_grammar() {
        let language: Language = tree_sitter_python::LANGUAGE.into();
        let ids: Vec<u16> = (0..u16::try_from(language.node_kind_count()).expect("tree-sitter numbers kinds by u16")).collect();
        for (_, name, named) in NAMES {
            let found = ids.iter().any(|&id| language.node_kind_for_id(id) == Some(name) && language.node_kind_is_named(id) == *named);
            assert!(found, "`{name}` (named: {named}) is not in the grammar");
        }
    }
}
