package archfixture.gateway.store.s3;

/** Is a store of one kind. */
public class Bucket {
}
