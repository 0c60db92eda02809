//! Classes and tables of SQLAlchemy.

use super::holds;

/// A name that stands for a module and later for an object of a class that the module's class is a base of: the circle ends.
#[test]
fn a_module_that_is_shadowed_by_an_object_of_its_own_class() {
    for code in [
        "import cmd\nclass C(cmd.Cmd):\n    pass\ncmd = C()\n",
        "from flask import app\nclass M(app.Model):\n    pass\napp = M()\nclass N(app.Model):\n    pass\n",
        "class A(B.x):\n    pass\nclass B(A.y):\n    pass\nA = B()\nB = A()\na = A.z.w\n",
    ] {
        holds(&[("a.py", code)]);
    }
}
