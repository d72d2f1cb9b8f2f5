//! Where chunks end, kind by kind.

use super::*;
