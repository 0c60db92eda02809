match x:
    case {'a': [1, *rest]} if (y := f(*a, **b)) > 1:
        async def g(a, /, b=1, *, c: int | None = None) -> list[int]:
            return [i async for i in z if not i] + (lambda *a: a)(1)
try:
    x = f'{a!r:>{w}} {{b}}' \
        'c'
except* E as e: ...
