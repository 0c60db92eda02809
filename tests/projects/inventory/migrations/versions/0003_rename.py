"""qty becomes quantity; corrections; the audit"""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade():
    # What stands here was true then: `qty` is no mistake in this file.
    op.execute("UPDATE stock_levels SET qty = 0 WHERE qty < 0")
    op.alter_column("stock_levels", "qty", new_column_name="quantity")
    with op.get_context().autocommit_block():
        op.execute("ALTER TYPE movement_kind ADD VALUE 'correction'")
    op.create_table(
        "audit_entries",
        sa.Column("id", sa.Integer, sa.Identity(), primary_key=True),
        sa.Column("actor", sa.String(80), nullable=False),
        sa.Column("action", sa.String(80), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False, server_default=sa.func.now()),
    )
