CREATE TYPE order_status AS ENUM ('draft', 'confirmed', 'shipped', 'cancelled');

CREATE TABLE suppliers (
    id serial PRIMARY KEY,
    name varchar(120) NOT NULL,
    contact_name varchar(120),
    phone varchar(32),
    email varchar(255) NOT NULL
);

CREATE TABLE products (
    id serial PRIMARY KEY,
    supplier_id integer NOT NULL REFERENCES suppliers (id),
    name varchar(200) NOT NULL,
    type varchar(40) NOT NULL,
    price numeric(10,2) NOT NULL,
    prescription_required boolean NOT NULL DEFAULT false,
    reorder_level integer NOT NULL DEFAULT 10,
    discontinued_on date
);

CREATE TABLE batches (
    id serial PRIMARY KEY,
    product_id integer NOT NULL REFERENCES products (id),
    batch_number varchar(64) NOT NULL,
    manufacturing_date date NOT NULL,
    expiry_date date NOT NULL,
    quantity integer NOT NULL DEFAULT 0,
    UNIQUE (product_id, batch_number)
);

CREATE TABLE customers (
    id serial PRIMARY KEY,
    full_name varchar(200) NOT NULL,
    email varchar(255) NOT NULL,
    date_of_birth date
);

CREATE TABLE orders (
    id serial PRIMARY KEY,
    customer_id integer NOT NULL REFERENCES customers (id),
    status order_status NOT NULL DEFAULT 'draft',
    placed_at timestamptz NOT NULL DEFAULT now(),
    note text
);

CREATE TABLE order_items (
    id serial PRIMARY KEY,
    order_id integer NOT NULL REFERENCES orders (id) ON DELETE CASCADE,
    product_id integer NOT NULL REFERENCES products (id),
    batch_id integer REFERENCES batches (id),
    quantity integer NOT NULL,
    unit_price numeric(10,2) NOT NULL
);
