SELECT b.pric FROM products du JOIN batches x ON x.id = b.id;
