package dev.wren.gateway.store.s3;

import dev.wren.gateway.store.ObjectChangedException;
import dev.wren.gateway.store.ObjectStore;
import dev.wren.gateway.store.StoreException;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.channels.Channels;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
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
 * Reads of objects. One of a block at most is one request, and checked as a whole; a larger one is read block by block, so
 * that no connection is held while nobody reads, and a block that breaks off is asked for again. Blocks are in files while
 * they are read: a reader takes 64 KiB of memory, however large the object is and however slow the reader. Safe for use by
 * several threads.
 */
final class S3Reads {

    /** Bytes of a block. */
    static final int BLOCK = 8 << 20;
    /** Bytes of an object that is kept in memory while it is read. */
    private static final int SMALL = 1 << 16;

    private final S3Client client;
    private final S3Settings settings;
    private final Path folder;

    /**
     * Reads by a client.
     *
     * @param folder for files, of this process alone
     */
    S3Reads(S3Client client, S3Settings settings, Path folder) {
        this.client = client;
        this.settings = settings;
        this.folder = folder;
    }

    /** An object, of which the first block is there. */
    private record Start(GetObjectResponse object, InputStream body) {
    }

    /** The whole object, to be closed by the caller; nothing if there is none. */
    Optional<ObjectStore.StoredObject> open(String bucket, String key) {
        ResponseTransformer<GetObjectResponse, Start> first = (object, body) -> start(bucket, key, object, body);
        try {
            Start start = client.getObject(request(bucket, key, BLOCK).build(), first);
            return Optional.of(
                    new ObjectStore.StoredObject(start.object.contentLength(), start.object.eTag(), start.body));
        } catch (SdkException e) {
            if (S3Errors.isAbsent(e)) {
                return Optional.empty();
            }
            throw S3Errors.failed("get", key, e);
        }
    }

    private Start start(String bucket, String key, GetObjectResponse object, AbortableInputStream body) {
        long size = object.contentLength();
        if (size <= SMALL) {
            return new Start(object, new ByteArrayInputStream(readAll(object, body)));
        }
        Blocks blocks = new Blocks(bucket, key, object.eTag(), size);
        boolean whole = false;
        try {
            blocks.take(body, 0, (int) Math.min(BLOCK, size));
            if (size > BLOCK) {
                body.abort();
            } else {
                toItsEnd(body);
            }
            whole = true;
            return new Start(object, blocks);
        } finally {
            if (!whole) {
                blocks.close();
            }
        }
    }

    private static byte[] readAll(GetObjectResponse object, InputStream body) {
        byte[] bytes = read(body, Math.toIntExact(object.contentLength()));
        toItsEnd(body);
        return bytes;
    }

    /** Where the checksum is looked at. */
    private static void toItsEnd(InputStream body) {
        read(body, 1);
    }

    private static byte[] read(InputStream body, int length) {
        try {
            return body.readNBytes(length);
        } catch (IOException e) {
            throw brokeOff(e);
        }
    }

    private static RetryableException brokeOff(IOException e) {
        return RetryableException.create("the answer broke off: " + e.getMessage(), e);
    }

    /** Part of an object: fewer bytes where it ends before; nothing if there is no such object. */
    Optional<byte[]> range(String bucket, String key, long offset, int length) {
        ResponseTransformer<GetObjectResponse, byte[]> all = S3Reads::readAll;
        try {
            byte[] bytes = part(bucket, key, offset, length, null, all);
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

    private <T> T part(String bucket, String key, long offset, int length, @Nullable String etag,
            ResponseTransformer<GetObjectResponse, T> take) {
        GetObjectRequest request = request(bucket, key, length)
                .range("bytes=" + offset + "-" + (offset + Math.max(1, length) - 1)).ifMatch(etag).build();
        return client.getObject(request, (object, body) -> {
            String range = object.contentRange();
            if (range == null || !range.startsWith("bytes " + offset + "-")) {
                throw SdkClientException.create("other bytes were answered than those from " + offset);
            }
            return take.transform(object, body);
        });
    }

    private GetObjectRequest.Builder request(String bucket, String key, long bytes) {
        return GetObjectRequest.builder().bucket(bucket).key(key).overrideConfiguration(
                AwsRequestOverrideConfiguration.builder().apiCallAttemptTimeout(settings.timeout(bytes))
                        .apiCallTimeout(settings.timeoutOfAll(bytes)).build());
    }

    /** A larger object, read by one thread. It is an error if the object is replaced or deleted meanwhile. */
    private final class Blocks extends InputStream {

        private final String bucket;
        private final String key;
        private final String etag;
        private final long size;
        /** Has one block, and goes when it is closed. */
        private final FileChannel file;
        private final InputStream block;
        /** Where the next block begins. */
        private long position;

        Blocks(String bucket, String key, String etag, long size) {
            this.bucket = bucket;
            this.key = key;
            this.etag = etag;
            this.size = size;
            try {
                this.file = FileChannel.open(Files.createTempFile(folder, "read-", ".part"), StandardOpenOption.READ,
                        StandardOpenOption.WRITE, StandardOpenOption.DELETE_ON_CLOSE);
            } catch (IOException e) {
                throw new StoreException(key + " cannot be kept in a file: " + e.getMessage(), e);
            }
            this.block = Channels.newInputStream(file);
        }

        /** Takes a block from an answer; from its beginning, where it broke off before. */
        void take(InputStream body, long from, int length) {
            byte[] buffer = new byte[SMALL];
            try {
                file.truncate(0);
            } catch (IOException e) {
                throw notKept(e);
            }
            int taken = 0;
            while (taken < length) {
                int some;
                try {
                    some = body.read(buffer, 0, Math.min(buffer.length, length - taken));
                } catch (IOException e) {
                    throw brokeOff(e);
                }
                if (some < 0) {
                    throw RetryableException.create("the answer broke off after " + taken + " bytes");
                }
                try {
                    Channels.newOutputStream(file).write(buffer, 0, some);
                } catch (IOException e) {
                    throw notKept(e);
                }
                taken += some;
            }
            try {
                file.position(0);
            } catch (IOException e) {
                throw notKept(e);
            }
            position = from + length;
        }

        private StoreException notKept(IOException e) {
            return new StoreException(key + " cannot be kept in a file: " + e.getMessage(), e);
        }

        @Override
        public int read() throws IOException {
            return isAtEnd() ? -1 : block.read();
        }

        @Override
        public int read(byte[] into, int offset, int length) throws IOException {
            if (length == 0) {
                return 0;
            }
            return isAtEnd() ? -1 : block.read(into, offset, length);
        }

        @Override
        public int available() throws IOException {
            return (int) (file.size() - file.position());
        }

        private boolean isAtEnd() throws IOException {
            if (file.position() < file.size()) {
                return false;
            }
            if (position == size) {
                return true;
            }
            next((int) Math.min(BLOCK, size - position));
            return false;
        }

        private void next(int length) throws IOException {
            long from = position;
            ResponseTransformer<GetObjectResponse, Integer> taking = (_, body) -> {
                take(body, from, length);
                return length;
            };
            try {
                int _ = part(bucket, key, from, length, etag, taking);
            } catch (StoreException e) {
                throw new IOException(e.getMessage(), e);
            } catch (SdkException e) {
                StoreException why = S3Errors.isAbsent(e)
                        || S3Errors.refusal(e) == S3Errors.Refusal.NOT_AS_EXPECTED
                                ? new ObjectChangedException(key)
                                : S3Errors.failed("read", key, e);
                throw new IOException(why.getMessage(), why);
            }
        }

        @Override
        public void close() {
            try {
                file.close();
            } catch (IOException e) {
                throw new StoreException("the file of a read cannot be removed: " + e.getMessage(), e);
            }
        }
    }
}
