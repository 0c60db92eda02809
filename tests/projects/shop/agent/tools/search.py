"""Tools that the language model may call."""

from sqlalchemy import or_, select, text
from sqlalchemy.ext.asyncio import AsyncSession

from agent.models import Conversation, Order, Product

TOOL = {
    'name': 'search_products',
    'description': 'Finds products by words, category or tags',
    'parameters': {'query': 'string', 'category': 'string', 'max_price': 'number'},
}


async def search_products(session: AsyncSession, query: str, category: str | None = None):
    statement = select(Product).where(or_(Product.name.ilike(f'%{query}%'), Product.descripton.ilike(f'%{query}%')))
    if category:
        statement = statement.where(Product.category == category)
    found = (await session.scalars(statement)).all()
    # Keys of the tool's answer; the model reads them, the database never does.
    return [{'title': p.name, 'cost': float(p.price), 'details': p.product_metadata.get('details')} for p in found]


async def by_sku(session: AsyncSession, sku: str):
    statement = select(Product).where(or_(Product.sku == sku, Product.legacy_sku == sku))
    return (await session.scalars(statement)).first()


async def history(session: AsyncSession, customer: str):
    rows = await session.execute(
        text('SELECT o.id, o.placed_at, p.name, p.catagory FROM orders o JOIN products p ON p.id = o.product_id WHERE o.customer_id = :customer'),
        {'customer': customer},
    )
    return rows.all()


async def remember(session: AsyncSession, conversation: Conversation, words: str):
    conversation.summary = words
    session.add(Order(product_id=None, quantity=1))
    await session.commit()
