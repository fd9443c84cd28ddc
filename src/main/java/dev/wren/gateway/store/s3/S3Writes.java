package dev.wren.gateway.store.s3;

import dev.wren.gateway.store.StoreException;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import java.util.function.Predicate;
import java.util.function.Supplier;
import org.springframework.core.retry.RetryPolicy;
import org.springframework.core.retry.RetryTemplate;
import software.amazon.awssdk.awscore.AwsRequestOverrideConfiguration;
import software.amazon.awssdk.core.exception.SdkException;
import software.amazon.awssdk.core.sync.RequestBody;
import software.amazon.awssdk.services.s3.S3Client;
import software.amazon.awssdk.services.s3.model.HeadObjectResponse;
import software.amazon.awssdk.services.s3.model.PutObjectRequest;

/**
 * Conditional writes to one bucket, each with an id of its own: one whose answer was lost, or came from a try after it, is
 * settled by looking whose write is there. Safe for use by several threads.
 */
final class S3Writes {

    /** The name among an object's metadata of the id of the write that made it. */
    private static final String WRITE = "wren-write";

    private final S3Client client;
    private final String bucket;
    private final S3Settings settings;
    /** Conflicts end when the other write does. */
    private final RetryTemplate conflicts = new RetryTemplate(RetryPolicy.builder()
            .includes(Conflict.class)
            .maxRetries(10)
            .delay(Duration.ofMillis(20)).jitter(Duration.ofMillis(10)).multiplier(2)
            .maxDelay(Duration.ofMillis(500))
            .build());

    S3Writes(S3Client client, String bucket, S3Settings settings) {
        this.client = client;
        this.bucket = bucket;
        this.settings = settings;
    }

    /** Another write to the same key was under way. */
    private static final class Conflict extends RuntimeException {

        private static final long serialVersionUID = 1L;

        private final transient SdkException answer;

        Conflict(SdkException answer) {
            super(answer);
            this.answer = answer;
        }
    }

    /** Creates an object; its ETag, or nothing if the key is taken. */
    Optional<String> create(String key, RequestBody body, long size) {
        String id = newId();
        return create(key, id, "put",
                () -> client.putObject(put(key, id, size).ifNoneMatch("*").build(), body).eTag());
    }

    /**
     * Creates an object; its ETag, or nothing if the key is taken.
     *
     * @param id of the write
     * @param operation for people
     * @param write makes the object with the id among its metadata if the key is free, and tells its ETag
     */
    Optional<String> create(String key, String id, String operation, Supplier<String> write) {
        return write(operation, key, id, write, _ -> false);
    }

    /** Replaces the object that has this ETag; the new ETag, or nothing if there is none of it any more. */
    Optional<String> replace(String key, RequestBody body, long size, String etag) {
        String id = newId();
        return write("replace", key, id,
                () -> client.putObject(put(key, id, size).ifMatch(etag).build(), body).eTag(), etag::equals);
    }

    private PutObjectRequest.Builder put(String key, String id, long size) {
        return PutObjectRequest.builder().bucket(bucket).key(key).metadata(metadata(id))
                .overrideConfiguration(limits(size));
    }

    /** What an object tells of the write that made it. */
    static Map<String, String> metadata(String id) {
        return Map.of(WRITE, id);
    }

    static String newId() {
        return UUID.randomUUID().toString();
    }

    /** Time limits of a request that carries so many bytes. */
    AwsRequestOverrideConfiguration limits(long bytes) {
        return AwsRequestOverrideConfiguration.builder().apiCallAttemptTimeout(settings.timeout(bytes))
                .apiCallTimeout(settings.timeoutOfAll(bytes)).build();
    }

    /**
     * Writes, again after each conflict.
     *
     * @param isExpected whether an object of this ETag is what the write was to find there
     * @return the ETag, or nothing if the object was not as expected
     */
    private Optional<String> write(String operation, String key, String id, Supplier<String> write,
            Predicate<String> isExpected) {
        try {
            return conflicts.invoke(() -> {
                try {
                    return Optional.of(write.get());
                } catch (SdkException e) {
                    return settle(operation, key, id, isExpected, e);
                }
            });
        } catch (Conflict e) {
            throw S3Errors.failed(operation, key, e.answer);
        }
    }

    /** What became of a write that was not answered with success. */
    private Optional<String> settle(String operation, String key, String id,
            Predicate<String> isExpected, SdkException answer) {
        S3Errors.Refusal refusal = S3Errors.refusal(answer);
        if (refusal == S3Errors.Refusal.DENIED) {
            throw S3Errors.failed(operation, key, answer);
        }
        if (refusal == S3Errors.Refusal.NOT_AS_EXPECTED && answer.numAttempts() == 1) {
            return Optional.empty();
        }
        Optional<HeadObjectResponse> there = look(operation, key, answer);
        Optional<String> mine = there.filter(object -> id.equals(object.metadata().get(WRITE)))
                .map(HeadObjectResponse::eTag);
        if (mine.isPresent()) {
            return mine;
        }
        boolean asExpected = there.map(HeadObjectResponse::eTag).map(isExpected::test).orElse(false);
        return switch (refusal) {
            case CONFLICT -> {
                if (there.isPresent() && !asExpected) {
                    yield Optional.empty();
                }
                throw new Conflict(answer);
            }
            case NOT_AS_EXPECTED -> Optional.empty();
            case UNKNOWN -> {
                if (there.isPresent() && !asExpected) {
                    yield Optional.empty();
                }
                throw S3Errors.failed(operation, key, answer);
            }
            case DENIED -> throw S3Errors.failed(operation, key, answer);
        };
    }

    private Optional<HeadObjectResponse> look(String operation, String key, SdkException answer) {
        try {
            return Optional.of(client.headObject(head -> head.bucket(bucket).key(key)));
        } catch (SdkException e) {
            if (S3Errors.isAbsent(e)) {
                return Optional.empty();
            }
            StoreException failed = S3Errors.failed(operation, key, answer);
            failed.addSuppressed(e);
            throw failed;
        }
    }
}
