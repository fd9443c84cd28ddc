package archfixture.gateway.record;

/** Breaks: nobody outside names a store of one kind; the AWS SDK stays in the store on S3. */
public class NamesStore {
    archfixture.gateway.store.s3.Bucket bucket;
    software.amazon.awssdk.regions.Region region;
}
