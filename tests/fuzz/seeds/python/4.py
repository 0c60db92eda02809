class Batch(models.Model):
    product = models.ForeignKey('Product', on_delete=models.CASCADE, related_name='batches')
    class Meta:
        db_table = 'batches'

Batch.objects.filter(product__price__gte=1).values('id', 'product__price').annotate(n=Count('id'))
