package dev.wren.gateway.store.s3;

import dev.wren.gateway.store.StoreKeys;
import dev.wren.gateway.store.StoreLinks;
import java.net.URI;
import java.time.Duration;
import java.util.regex.Pattern;
import software.amazon.awssdk.http.SdkHttpMethod;
import software.amazon.awssdk.http.SdkHttpRequest;
import software.amazon.awssdk.http.auth.aws.signer.AwsV4FamilyHttpSigner;
import software.amazon.awssdk.http.auth.aws.signer.AwsV4HttpSigner;
import software.amazon.awssdk.identity.spi.AwsCredentialsIdentity;
import software.amazon.awssdk.identity.spi.IdentityProvider;
import software.amazon.awssdk.services.s3.S3Client;
import software.amazon.awssdk.services.s3.S3Configuration;
import software.amazon.awssdk.services.s3.S3ServiceClientConfiguration;
import software.amazon.awssdk.services.s3.presigner.S3Presigner;

/**
 * Presigned URLs. They run out with the credentials that they are signed with, if that is sooner. Safe for use by several
 * threads.
 *
 * <p>
 * The SDK says where the bucket is, once. The keys of stores are then signed by its signer alone: one link is made for each
 * invocation, and the presigner before the signer took a good part of what it costs to send one.
 */
final class S3Links implements StoreLinks, AutoCloseable {

    /** What is the same in a URL's path. */
    private static final Pattern PLAIN = Pattern.compile("[A-Za-z0-9/._-]+");
    /** Stands for a key whose place is looked for. */
    private static final String PLACE = "k";

    private final S3Presigner presigner;
    private final S3Location location;
    private final AwsV4HttpSigner signer = AwsV4HttpSigner.create();
    private final String region;
    private final IdentityProvider<? extends AwsCredentialsIdentity> credentials;
    /** The URL of the key {@link #PLACE}, without it. */
    private final String bucket;

    /** Links as the client's requests are: to the same endpoint, signed by the same credentials. */
    S3Links(S3Client client, S3Location location, S3Settings settings) {
        S3ServiceClientConfiguration like = client.serviceClientConfiguration();
        S3Presigner.Builder builder = S3Presigner.builder().region(like.region())
                .credentialsProvider(like.credentialsProvider())
                .serviceConfiguration(S3Configuration.builder().pathStyleAccessEnabled(settings.pathStyle()).build());
        like.endpointOverride().ifPresent(builder::endpointOverride);
        this.presigner = builder.build();
        this.location = location;
        this.credentials = like.credentialsProvider();
        this.region = like.region().id();
        String some = client.utilities().getUrl(get -> get.bucket(location.bucket()).key(PLACE)).toString();
        this.bucket = some.substring(0, some.length() - PLACE.length());
    }

    @Override
    public String get(String key, Duration valid) {
        return link(SdkHttpMethod.GET, key, valid);
    }

    @Override
    public String put(String key, Duration valid) {
        return link(SdkHttpMethod.PUT, key, valid);
    }

    private String link(SdkHttpMethod method, String key, Duration valid) {
        StoreKeys.parts(key);
        String inBucket = location.key(key);
        if (!PLAIN.matcher(inBucket).matches()) {
            return presigned(method, inBucket, valid);
        }
        SdkHttpRequest request = SdkHttpRequest.builder().method(method).uri(URI.create(bucket + inBucket)).build();
        return signer.sign(sign -> sign.identity(credentials.resolveIdentity().join()).request(request)
                .putProperty(AwsV4FamilyHttpSigner.SERVICE_SIGNING_NAME, "s3")
                .putProperty(AwsV4HttpSigner.REGION_NAME, region)
                .putProperty(AwsV4FamilyHttpSigner.AUTH_LOCATION, AwsV4FamilyHttpSigner.AuthLocation.QUERY_STRING)
                .putProperty(AwsV4FamilyHttpSigner.EXPIRATION_DURATION, valid)
                .putProperty(AwsV4FamilyHttpSigner.DOUBLE_URL_ENCODE, false)
                .putProperty(AwsV4FamilyHttpSigner.NORMALIZE_PATH, false)
                .putProperty(AwsV4FamilyHttpSigner.PAYLOAD_SIGNING_ENABLED, false))
                .request().getUri().toString();
    }

    private String presigned(SdkHttpMethod method, String key, Duration valid) {
        return method == SdkHttpMethod.GET
                ? presigner.presignGetObject(sign -> sign.signatureDuration(valid)
                        .getObjectRequest(get -> get.bucket(location.bucket()).key(key))).url().toString()
                : presigner.presignPutObject(sign -> sign.signatureDuration(valid)
                        .putObjectRequest(put -> put.bucket(location.bucket()).key(key))).url().toString();
    }

    @Override
    public void close() {
        presigner.close();
    }
}
