//! Names that mean what others do: arithmetic on small integers and on floats, which is the same here as on any numbers, and
//! what Steel calls its sets.
//!
//! They cost nothing: the front end puts the other name in their place.

/// Each name, and what Steel calls the procedure.
#[rustfmt::skip]
pub(crate) const ALIASES: &[(&str, &str)] = &[
    // Of numbers alone.
    ("%<", "#%prim.<"), ("%>", "#%prim.>"), ("%<=", "#%prim.<="), ("%>=", "#%prim.>="),
    ("fx+", "+"), ("fx-", "-"), ("fx*", "*"), ("fx<", "<"), ("fx>", ">"), ("fx<=", "<="), ("fx>=", ">="), ("fx=", "%d:="),
    ("fxquotient", "%d:quotient"), ("fxremainder", "%d:remainder"), ("fxmodulo", "%d:modulo"), ("fxabs", "%d:abs"),
    ("fxmin", "%d:min"), ("fxmax", "%d:max"), ("fxand", "%d:bitwise-and"), ("fxior", "%d:bitwise-ior"),
    ("fxxor", "%d:bitwise-xor"), ("fxnot", "%d:bitwise-not"), ("fxlshift", "%d:arithmetic-shift"), ("fxpopcount", "%d:bit-count"),
    ("fx->fl", "%d:exact->inexact"), ("fl->fx", "%d:inexact->exact"),
    ("fl+", "+"), ("fl-", "-"), ("fl*", "*"), ("fl/", "%d:/"), ("fl<", "<"), ("fl>", ">"), ("fl<=", "<="), ("fl>=", ">="), ("fl=", "%d:="),
    ("flabs", "%d:abs"), ("flmin", "%d:min"), ("flmax", "%d:max"), ("flsqrt", "%d:sqrt"), ("flexpt", "%d:expt"), ("flexp", "%d:exp"),
    ("fllog", "%d:log"), ("flsin", "%d:sin"), ("flcos", "%d:cos"), ("fltan", "%d:tan"), ("flasin", "%d:asin"), ("flacos", "%d:acos"),
    ("flatan", "%d:atan"), ("flfloor", "%d:floor"), ("flceiling", "%d:ceiling"), ("flround", "%d:round"), ("fltruncate", "%d:truncate"),
    ("unsafe-fx+", "+"), ("unsafe-fx-", "-"), ("unsafe-fx*", "*"), ("unsafe-fx<", "<"), ("unsafe-fx=", "%d:="), ("unsafe-fl+", "+"),
    ("unsafe-fl*", "*"), ("unsafe-vector-ref", "vector-ref"), ("unsafe-vector-set!", "%d:vector-set!"), ("unsafe-car", "car"), ("unsafe-cdr", "cdr"),
    ("string->bytes/locale", "%d:string->bytes/utf-8"), ("bytes->string/locale", "%d:bytes->string/utf-8"),
    // Steel's names of sets.
    ("hashset", "%d:set"), ("list->hashset", "%d:list->set"), ("hashset-contains?", "%d:set-member?"), ("hashset-insert", "%d:set-add"),
    ("hashset-length", "%d:set-count"), ("hashset->list", "%d:set->list"), ("hashset-clear", "%d:set-clear"), ("hashset-subset?", "%d:subset?"),
    ("hashset-union", "%d:set-union"), ("hashset-intersection", "%d:set-intersect"), ("hashset-difference", "%d:set-subtract"),
    ("vector*-ref", "vector-ref"), ("vector*-set!", "%d:vector-set!"), ("vector*-length", "vector-length"), ("unbox*", "unbox"), ("set-box*!", "%d:set-box!"),
];
