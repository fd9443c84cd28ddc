package dev.wren.gateway.store.s3;

import dev.wren.gateway.store.StoreKeys;
import dev.wren.gateway.store.StoreLinks;
import java.time.Duration;
import software.amazon.awssdk.services.s3.S3Client;
import software.amazon.awssdk.services.s3.S3Configuration;
import software.amazon.awssdk.services.s3.S3ServiceClientConfiguration;
import software.amazon.awssdk.services.s3.presigner.S3Presigner;

/**
 * Presigned URLs. They run out with the credentials that they are signed with, if that is sooner. Safe for use by several
 * threads.
 */
final class S3Links implements StoreLinks, AutoCloseable {

    private final S3Presigner presigner;
    private final S3Location location;

    /** Links as the client's requests are: to the same endpoint, signed by the same credentials. */
    S3Links(S3Client client, S3Location location, S3Settings settings) {
        S3ServiceClientConfiguration like = client.serviceClientConfiguration();
        S3Presigner.Builder builder = S3Presigner.builder().region(like.region())
                .credentialsProvider(like.credentialsProvider())
                .serviceConfiguration(S3Configuration.builder().pathStyleAccessEnabled(settings.pathStyle()).build());
        like.endpointOverride().ifPresent(builder::endpointOverride);
        this.presigner = builder.build();
        this.location = location;
    }

    @Override
    public String get(String key, Duration valid) {
        String inBucket = inBucket(key);
        return presigner.presignGetObject(sign -> sign.signatureDuration(valid)
                .getObjectRequest(get -> get.bucket(location.bucket()).key(inBucket))).url().toString();
    }

    @Override
    public String put(String key, Duration valid) {
        String inBucket = inBucket(key);
        return presigner.presignPutObject(sign -> sign.signatureDuration(valid)
                .putObjectRequest(put -> put.bucket(location.bucket()).key(inBucket))).url().toString();
    }

    private String inBucket(String key) {
        StoreKeys.parts(key);
        return location.key(key);
    }

    @Override
    public void close() {
        presigner.close();
    }
}
