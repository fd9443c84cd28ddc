package dev.wren.gateway.store.s3;

import java.net.URI;
import java.util.Properties;
import java.util.concurrent.atomic.AtomicInteger;
import org.gaul.s3proxy.BlobStores;
import org.gaul.s3proxy.S3Proxy;
import org.gaul.s3proxy.auth.AuthenticationType;
import software.amazon.awssdk.auth.credentials.AwsBasicCredentials;
import software.amazon.awssdk.auth.credentials.StaticCredentialsProvider;
import software.amazon.awssdk.http.apache5.Apache5HttpClient;
import software.amazon.awssdk.regions.Region;
import software.amazon.awssdk.services.s3.S3Client;
import software.amazon.awssdk.services.s3.S3ClientBuilder;

/**
 * A stand-in for S3 in this process, in memory, behind a {@link FaultProxy}. Its compare-and-set is not atomic by itself;
 * the proxy lets one through after the other.
 */
public final class S3Server implements AutoCloseable {

    public static final String KEY = "AKIDEXAMPLE";
    public static final String SECRET = "secret";

    private final S3Proxy server;
    private final FaultProxy proxy;
    private final AtomicInteger buckets = new AtomicInteger();

    private S3Server(S3Proxy server, FaultProxy proxy) {
        this.server = server;
        this.proxy = proxy;
    }

    public static S3Server start() {
        Properties settings = new Properties();
        settings.setProperty("jclouds.identity", KEY);
        settings.setProperty("jclouds.credential", SECRET);
        S3Proxy server = S3Proxy.builder().blobStore(BlobStores.create("transient-nio2", settings))
                .endpoint(URI.create("http://127.0.0.1:0"))
                .awsAuthentication(AuthenticationType.AWS_V2_OR_V4, KEY, SECRET)
                .ignoreUnknownHeaders(true).build();
        try {
            server.start();
            return new S3Server(server, FaultProxy.before(server.getPort()));
        } catch (Exception e) {
            throw new IllegalStateException(e);
        }
    }

    /** What stands before it. */
    public FaultProxy proxy() {
        return proxy;
    }

    /** Where it is asked. */
    public URI endpoint() {
        return proxy.endpoint();
    }

    /** The name of a bucket that was made now. */
    public String newBucket() {
        String bucket = "bucket-" + buckets.incrementAndGet();
        try (S3Client client = client()) {
            client.createBucket(create -> create.bucket(bucket));
        }
        return bucket;
    }

    /** Settings of a gateway with its store here. */
    public String[] settings(String location) {
        return new String[]{"--wren.store=" + location, "--wren.s3.path-style=true",
                "--spring.cloud.aws.endpoint=" + endpoint(), "--spring.cloud.aws.region.static=us-east-1",
                "--spring.cloud.aws.credentials.access-key=" + KEY,
                "--spring.cloud.aws.credentials.secret-key=" + SECRET};
    }

    /** A client that meets no faults; to be closed by the caller. */
    public S3Client client() {
        return client(URI.create("http://127.0.0.1:" + server.getPort()));
    }

    static S3Client client(URI endpoint) {
        return builder(endpoint).forcePathStyle(true).build();
    }

    static S3ClientBuilder builder(URI endpoint) {
        return S3Client.builder().httpClientBuilder(Apache5HttpClient.builder()).endpointOverride(endpoint)
                .region(Region.US_EAST_1)
                .credentialsProvider(StaticCredentialsProvider.create(AwsBasicCredentials.create(KEY, SECRET)));
    }

    @Override
    public void close() {
        try {
            proxy.close();
            server.stop();
        } catch (Exception e) {
            throw new IllegalStateException(e);
        }
    }
}
