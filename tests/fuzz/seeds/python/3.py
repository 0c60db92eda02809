def f(client):
    r = client.table('batches').select('id, products(price), made:manufacturing_date').eq('id', 1).or_('id.eq.1,and(status.in.(draft,on),id.gt.2)').execute()
    for row in r.data:
        print(row['made'], row.get('products')[0]['price'])
    client.table('batches').insert({'id': 1, **x, 'status': 'draft'}).execute()
