class Batch(models.Model):
    id = models.BigAutoField(primary_key=True)
    manufacturing_dat = models.DateField(null=True)
    status = models.CharField(max_length=3, choices=[('draft', 'x')])
    class Meta:
        db_table = 'batches'


Batch.objects.filter(manufacturing_dat__gte=1, status='drat').values('manufacturing_dat')
