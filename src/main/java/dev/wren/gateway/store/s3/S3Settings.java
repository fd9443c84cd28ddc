package dev.wren.gateway.store.s3;

import dev.wren.gateway.limits.ByteRange;
import jakarta.validation.constraints.Max;
import jakarta.validation.constraints.Min;
import java.time.Duration;
import java.util.List;
import org.hibernate.validator.constraints.time.DurationMin;
import org.springframework.boot.context.properties.ConfigurationProperties;
import org.springframework.boot.context.properties.bind.DefaultValue;
import org.springframework.util.unit.DataSize;
import org.springframework.validation.annotation.Validated;
import software.amazon.awssdk.core.retry.RetryMode;

/**
 * How S3 is spoken to. Where it is, and as whom, is found as the AWS SDK does.
 *
 * @param pathStyle whether the bucket is part of the path and not of the host's name, for servers that need it
 * @param allowedBuckets buckets of callers that maps may read from and write to
 * @param maxInFlight requests under way at once; more wait for {@code requestTimeout} at most, and fail then
 * @param connectTimeout of a connection
 * @param requestTimeout of one try of a request, and a second more for each MiB that it carries
 * @param maxAttempts tries of one request, the first included
 * @param retryMode {@code standard}: each request waits for itself, with jitter; {@code adaptive-v2}: after an answer that
 * the server wants less, all requests of this gateway are held back, and slowly faster again
 * @param partSize bytes of a part of a multipart upload, from 5 MiB as S3 wants it; what is smaller is one request
 * @param abandonedAfter age at which a multipart upload that was never completed is taken for one that a crash has left
 */
@Validated
@ConfigurationProperties("wren.s3")
public record S3Settings(
        @DefaultValue("false") boolean pathStyle,
        @DefaultValue List<String> allowedBuckets,
        @DefaultValue("64") @Min(1) @Max(10_000) int maxInFlight,
        @DefaultValue("2s") @DurationMin(millis = 1) Duration connectTimeout,
        @DefaultValue("5s") @DurationMin(millis = 1) Duration requestTimeout,
        @DefaultValue("4") @Min(1) @Max(100) int maxAttempts,
        @DefaultValue("standard") RetryMode retryMode,
        @DefaultValue("8MB") @ByteRange(min = S3Settings.LEAST_PART) DataSize partSize,
        @DefaultValue("1d") @DurationMin(millis = 0) Duration abandonedAfter) {

    public S3Settings {
        allowedBuckets = List.copyOf(allowedBuckets);
    }

    static final long LEAST_PART = 5 << 20;
    /** What every link is expected to carry in a second. */
    private static final long SECOND = 1 << 20;

    /** How long one try may take that carries so many bytes. */
    Duration timeout(long bytes) {
        return requestTimeout.plusSeconds(bytes / SECOND);
    }

    /** How long a request may take with all its tries. */
    Duration timeoutOfAll(long bytes) {
        return timeout(bytes).multipliedBy(maxAttempts);
    }
}
