//! Which name was probably meant.

use crate::schema::Relation;
use crate::sql::hint::letters;

/// The best of the candidates for a misspelt name, if one stands out: same but for case and underscores, plural or singular, an abbreviation of it
/// (`mfg_date` → `manufacturing_date`), or a small edit distance.
pub fn best<'c>(wrong: &str, candidates: impl Iterator<Item = &'c str>) -> Option<&'c str> {
    let own = Wrong::new(wrong);
    let mut scored: Vec<(usize, &str)> = candidates.filter(|c| *c != wrong).filter_map(|c| own.score(c).map(|s| (s, c))).collect();
    scored.sort_unstable();
    match scored.as_slice() {
        [] => None,
        // Two equally good answers are none.
        [(a, _), (b, _), ..] if a == b => None,
        [(_, c), ..] => Some(c),
    }
}

/// Whether `chosen` leaves no doubt: nothing else comes near, and it differs by its writing, by few letters, or as the only name that `wrong` could abbreviate.
pub fn certain<'c>(wrong: &str, chosen: &str, candidates: impl Iterator<Item = &'c str>) -> bool {
    let digits = |s: &str| s.chars().filter(char::is_ascii_digit).collect::<String>();
    let asked = Wrong::new(wrong);
    let Some(own) = asked.score(chosen) else { return false };
    // `address1` is no slip of the hand for `address2`.
    if wrong == chosen || digits(wrong) != digits(chosen) {
        return false;
    }
    let margin = candidates.filter(|c| *c != chosen && *c != wrong).filter_map(|c| asked.score(c)).min();
    match own {
        0 | 1 => margin.is_none_or(|next| next >= own + 2),
        11 | 12 => wrong.chars().count() > 4 && margin.is_none_or(|next| next >= own + 2),
        20 => margin.is_none(),
        _ => false,
    }
}

/// The best column of a relation, or the one that says the same with the table's name in front: `products.type` for `product_type`.
pub fn column<'r>(table: &str, wrong: &str, relation: &'r Relation) -> Option<&'r str> {
    let names = || relation.columns.iter().map(|c| c.name.as_str());
    let prefix = singular(table) + "_";
    best(wrong, names()).or_else(|| names().find(|n| wrong.strip_prefix(&prefix) == Some(n) || n.strip_prefix(&prefix) == Some(wrong)))
}

/// Edits, and letters of a plural, that two names can be apart and still be near.
const MOST_APART: usize = 3;

/// A name, and what is asked of it again for each candidate.
struct Wrong<'w> {
    name: &'w str,
    folded: String,
    outline: Option<Outline>,
}

/// What of a name in ASCII rules out most others before they are compared with it.
struct Outline {
    /// Which letters and digits it has, regardless of case; some share a bit.
    letters: u32,
    /// How many, without underscores.
    count: usize,
    first: Option<u8>,
}

impl Outline {
    fn of(name: &str) -> Option<Self> {
        // An underscore is no letter, and no letter shares its bit.
        let letters = letters(name) & !letters("_");
        let count = name.bytes().filter(|b| *b != b'_').count();
        name.is_ascii().then(|| Self { letters, count, first: name.bytes().next() })
    }

    /// Whether names of these outlines are surely not near one another. Each letter that only one of two has costs an edit, or is one of a plural; in an abbreviation all
    /// letters of the shorter name are the longer one's, and both begin alike.
    fn are_apart(&self, other: &Self) -> bool {
        let (ours, theirs) = (self.letters & !other.letters, other.letters & !self.letters);
        let differ = self.count.abs_diff(other.count) > MOST_APART || ours.count_ones().max(theirs.count_ones()) as usize > MOST_APART;
        differ && (self.first != other.first || (ours != 0 && theirs != 0))
    }
}

impl<'w> Wrong<'w> {
    fn new(name: &'w str) -> Self {
        Self { name, folded: fold(name), outline: Outline::of(name) }
    }

    /// Lower is nearer.
    fn score(&self, candidate: &str) -> Option<usize> {
        if let (Some(own), Some(other)) = (&self.outline, Outline::of(candidate))
            && own.are_apart(&other)
        {
            return None;
        }
        let (w, c) = (self.folded.as_str(), &*fold(candidate));
        if w == c {
            return Some(0);
        }
        if singular(w) == singular(c) {
            return Some(1);
        }
        let (of_w, of_c) = (w.chars().count(), c.chars().count());
        let longest = of_w.max(of_c);
        let most = (longest / 4).clamp(1, MOST_APART);
        // Each letter too many is one edit at least: most candidates need no more than that to be ruled out.
        if longest > 2 && of_w.abs_diff(of_c) <= most {
            let distance = strsim::osa_distance(w, c);
            if distance <= most {
                return Some(10 + distance);
            }
        }
        (abbreviates(self.name, candidate) || abbreviates(candidate, self.name)).then_some(20)
    }
}

/// A name without case and underscores.
fn fold(s: &str) -> String {
    match s.is_ascii() {
        true => s.bytes().filter(|b| *b != b'_').map(|b| char::from(b.to_ascii_lowercase())).collect(),
        false => s.chars().filter(|c| *c != '_').flat_map(char::to_lowercase).collect(),
    }
}

fn singular(s: &str) -> String {
    if let Some(stem) = s.strip_suffix("ies") {
        return format!("{stem}y");
    }
    s.strip_suffix("es").or_else(|| s.strip_suffix('s')).unwrap_or(s).to_owned()
}

/// Whether each word of `short` stands for the word of `long` at its place: same first letter, its letters in order.
fn abbreviates(short: &str, long: &str) -> bool {
    let (s, l): (Vec<&str>, Vec<&str>) = (short.split('_').collect(), long.split('_').collect());
    s.len() == l.len() && short.len() < long.len() && s.iter().zip(&l).any(|(a, b)| a == b || a.len() > 1) && s.iter().zip(&l).all(|(a, b)| word(a, b))
}

fn word(short: &str, long: &str) -> bool {
    let mut rest = long.chars();
    short.chars().next() == long.chars().next() && short.chars().count() * 5 >= long.chars().count() && short.chars().all(|c| rest.by_ref().any(|x| x == c))
}

#[cfg(test)]
mod tests {
    use super::{Outline, Wrong, best, certain, column};
    use crate::schema::{Column, Relation, RelationKind};

    #[test]
    fn finds_what_was_meant() {
        let columns = ["id", "batch_number", "manufacturing_date", "expiry_date", "quantity"];
        for (wrong, right) in [("mfg_date", "manufacturing_date"), ("quantitty", "quantity"), ("batchNumber", "batch_number"), ("expiry_dates", "expiry_date")]
        {
            assert_eq!(best(wrong, columns.iter().copied()), Some(right), "{wrong}");
        }
        assert_eq!(best("supplier", columns.iter().copied()), None);
    }

    #[test]
    fn only_what_stands_out_is_certain() {
        let columns = ["id", "batch_number", "manufacturing_date", "expiry_date", "quantity", "address2"];
        let sure = |wrong: &str, chosen: &str| certain(wrong, chosen, columns.iter().copied());
        assert!(sure("mfg_date", "manufacturing_date") && sure("quantitty", "quantity") && sure("batchNumber", "batch_number"));
        assert!(!sure("address1", "address2"), "another number is another thing");
        assert!(!certain("colours", "color", ["color", "colors"].into_iter()), "two come near");
        assert!(!sure("supplier", "quantity"));
    }

    #[test]
    fn the_tables_name_in_front_says_nothing_new() {
        let mut products = Relation::new(RelationKind::Table);
        for name in ["id", "name", "type"] {
            products.put_column(Column::new(name, "text"));
        }
        assert_eq!(column("products", "product_type", &products), Some("type"));
        assert_eq!(column("products", "order_type", &products), None);
    }

    #[test]
    fn what_is_ruled_out_by_its_outline_is_not_near() {
        let names = [
            "berry",
            "berries",
            "Berries",
            "boxes",
            "box",
            "order_items",
            "orderitems",
            "ord_itm",
            "o_i",
            "oi",
            "customer",
            "cust",
            "custmr",
            "manufacturing_date",
            "mfg_date",
            "m_d",
            "fm_date",
            "users",
            "user",
            "usr",
            "_user",
            "address1",
            "address2",
            "id",
            "i",
            "xyes",
            "xies",
            "abcdefgh",
            "abcdxyzw",
            "größe",
            "",
        ];
        for wrong in names {
            // Without an outline nothing is ruled out.
            let slow = Wrong { outline: None, ..Wrong::new(wrong) };
            for other in names {
                assert_eq!(Wrong::new(wrong).score(other), slow.score(other), "{wrong} {other}");
            }
        }
        let apart = |a, b| Outline::of(a).expect("ASCII").are_apart(&Outline::of(b).expect("ASCII"));
        assert!(apart("abcdefgh", "zyxwvuts") && !apart("berry", "berries"));
    }

    #[test]
    fn two_equally_near_names_are_none() {
        assert_eq!(best("colx", ["cola", "colb"].into_iter()), None);
    }
}
