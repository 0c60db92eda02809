from fastapi import FastAPI

from app.routers import batches, orders

app = FastAPI(title="Pharmacy")
app.include_router(batches.router)
app.include_router(orders.router)
