import uuid

from sqlalchemy import Column, DateTime, ForeignKey, Integer, Numeric, String, Text, func
from sqlalchemy.dialects.postgresql import JSONB, UUID
from sqlalchemy.orm import declarative_base, relationship

Base = declarative_base()


class Customer(Base):
    __tablename__ = 'customers'

    id = Column(UUID(as_uuid=True), primary_key=True, default=uuid.uuid4)
    email = Column(Text, nullable=False, unique=True)
    display_name = Column(Text, nullable=False)
    created_at = Column(DateTime(timezone=True), nullable=False, server_default=func.now())


class Product(Base):
    """What the shop sells. The agent reads it, the seeding script writes it."""

    __tablename__ = 'products'

    id = Column(UUID(as_uuid=True), primary_key=True, default=uuid.uuid4)
    name = Column(Text, nullable=False)
    description = Column(Text)
    price = Column(Numeric(12, 2), nullable=False)
    sku = Column(String(40))
    legacy_sku = Column(String(20))
    # `metadata` is SQLAlchemy's own name on a declarative class.
    product_metadata = Column('metadata', JSONB, nullable=False, server_default='{}')
    created_at = Column(DateTime(timezone=True), nullable=False, server_default=func.now())

    orders = relationship('Order', back_populates='product')

    @property
    def searchable(self):
        return ' '.join(filter(None, [self.name, self.description]))


class Conversation(Base):
    __tablename__ = 'conversations'

    id = Column(UUID(as_uuid=True), primary_key=True, default=uuid.uuid4)
    customer_id = Column(UUID(as_uuid=True), ForeignKey('customers.id'), nullable=False)
    started_at = Column(DateTime(timezone=True), nullable=False, server_default=func.now())
    summary = Column(Text)


class Message(Base):
    __tablename__ = 'messages'

    id = Column(Integer, primary_key=True)
    conversation_id = Column(UUID(as_uuid=True), ForeignKey('conversations.id'), nullable=False)
    role = Column(Text, nullable=False)
    content = Column(Text, nullable=False)
    tokens = Column(Integer, nullable=False)


class Order(Base):
    __tablename__ = 'orders'

    id = Column(UUID(as_uuid=True), primary_key=True, default=uuid.uuid4)
    product_id = Column(UUID(as_uuid=True), ForeignKey('products.id'), nullable=False)
    quantity = Column(Integer, nullable=False)
    placed_at = Column(DateTime(timezone=True), nullable=False, server_default=func.now())

    product = relationship('Product', back_populates='orders')
