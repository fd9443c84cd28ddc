package dev.wren.gateway.store.s3;

import dev.wren.gateway.store.ObjectStore;
import dev.wren.gateway.store.StoreException;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import software.amazon.awssdk.awscore.AwsRequestOverrideConfiguration;
import software.amazon.awssdk.core.exception.RetryableException;
import software.amazon.awssdk.core.exception.SdkClientException;
import software.amazon.awssdk.core.exception.SdkException;
import software.amazon.awssdk.core.sync.ResponseTransformer;
import software.amazon.awssdk.http.AbortableInputStream;
import software.amazon.awssdk.services.s3.S3Client;
import software.amazon.awssdk.services.s3.model.GetObjectRequest;
import software.amazon.awssdk.services.s3.model.GetObjectResponse;

/**
 * Reads of objects. A small one is one request, and checked as a whole; a larger one is read block by block, so that no
 * connection is held while nobody reads, and a block that breaks off is asked for again. Safe for use by several threads.
 */
final class S3Reads {

    /** Bytes of a block, in memory while it is read. */
    static final int BLOCK = 8 << 20;

    private final S3Client client;
    private final S3Settings settings;

    S3Reads(S3Client client, S3Settings settings) {
        this.client = client;
        this.settings = settings;
    }

    /** An object, or its first block. */
    @SuppressWarnings("ArrayRecordComponent")
    private record Start(GetObjectResponse object, byte[] bytes) {
    }

    /** The whole object, to be closed by the caller; nothing if there is none. */
    Optional<ObjectStore.StoredObject> open(String bucket, String key) {
        try {
            Start start = client.getObject(request(bucket, key, BLOCK).build(), S3Reads::start);
            long size = start.object.contentLength();
            String etag = start.object.eTag();
            return Optional.of(new ObjectStore.StoredObject(size, etag, start.bytes.length == size
                    ? new ByteArrayInputStream(start.bytes)
                    : new Blocks(bucket, key, etag, size, start.bytes)));
        } catch (SdkException e) {
            if (S3Errors.isAbsent(e)) {
                return Optional.empty();
            }
            throw S3Errors.failed("get", key, e);
        }
    }

    private static Start start(GetObjectResponse object, AbortableInputStream body) {
        if (object.contentLength() > BLOCK) {
            byte[] first = read(body, BLOCK);
            body.abort();
            return new Start(object, first);
        }
        return new Start(object, readAll(object, body));
    }

    /** To its end, where the checksum is looked at. */
    private static byte[] readAll(GetObjectResponse object, InputStream body) {
        byte[] bytes = read(body, Math.toIntExact(object.contentLength()));
        read(body, 1);
        return bytes;
    }

    private static byte[] read(InputStream body, int length) {
        try {
            return body.readNBytes(length);
        } catch (IOException e) {
            throw RetryableException.create("the answer broke off: " + e.getMessage(), e);
        }
    }

    private static byte[] part(long offset, GetObjectResponse object, InputStream body) {
        String range = object.contentRange();
        if (range == null || !range.startsWith("bytes " + offset + "-")) {
            throw SdkClientException.create("other bytes were answered than those from " + offset);
        }
        return readAll(object, body);
    }

    /**
     * Part of an object: fewer bytes where it ends before; nothing if there is no such object.
     *
     * @param etag that it must have, or null
     */
    Optional<byte[]> range(String bucket, String key, long offset, int length, @Nullable String etag) {
        String range = "bytes=" + offset + "-" + (offset + Math.max(1, length) - 1);
        ResponseTransformer<GetObjectResponse, byte[]> part = (object, body) -> part(offset, object, body);
        try {
            byte[] bytes = client.getObject(request(bucket, key, length).range(range).ifMatch(etag).build(), part);
            return Optional.of(length == 0 ? new byte[0] : bytes);
        } catch (SdkException e) {
            if (S3Errors.isAbsent(e)) {
                return Optional.empty();
            }
            if (S3Errors.isPastTheEnd(e)) {
                return Optional.of(new byte[0]);
            }
            throw S3Errors.failed("read", key, e);
        }
    }

    private GetObjectRequest.Builder request(String bucket, String key, long bytes) {
        return GetObjectRequest.builder().bucket(bucket).key(key).overrideConfiguration(
                AwsRequestOverrideConfiguration.builder().apiCallAttemptTimeout(settings.timeout(bytes))
                        .apiCallTimeout(settings.timeoutOfAll(bytes)).build());
    }

    /** A large object, read by one thread. It is an error if the object is replaced or deleted meanwhile. */
    private final class Blocks extends InputStream {

        private final String bucket;
        private final String key;
        private final String etag;
        private final long size;
        private byte[] block;
        private int next;
        /** Where the next block begins. */
        private long position;

        Blocks(String bucket, String key, String etag, long size, byte[] first) {
            this.bucket = bucket;
            this.key = key;
            this.etag = etag;
            this.size = size;
            this.block = first;
            this.position = first.length;
        }

        @Override
        public int read() throws IOException {
            return isAtEnd() ? -1 : block[next++] & 0xff;
        }

        @Override
        public int read(byte[] into, int offset, int length) throws IOException {
            if (length == 0) {
                return 0;
            }
            if (isAtEnd()) {
                return -1;
            }
            int some = Math.min(length, block.length - next);
            System.arraycopy(block, next, into, offset, some);
            next += some;
            return some;
        }

        @Override
        public int available() {
            return block.length - next;
        }

        private boolean isAtEnd() throws IOException {
            if (next < block.length) {
                return false;
            }
            if (position == size) {
                return true;
            }
            int length = (int) Math.min(BLOCK, size - position);
            try {
                block = range(bucket, key, position, length, etag)
                        .filter(bytes -> bytes.length == length)
                        .orElseThrow(() -> new IOException(key + " is not there any more"));
            } catch (StoreException e) {
                throw new IOException(e.getMessage(), e);
            }
            next = 0;
            position += length;
            return false;
        }
    }
}
