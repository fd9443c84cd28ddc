package dev.wren.gateway.store.s3;

import dev.wren.gateway.store.ObjectStore;
import dev.wren.gateway.store.StoreException;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.channels.Channels;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import software.amazon.awssdk.core.exception.SdkException;
import software.amazon.awssdk.core.sync.RequestBody;
import software.amazon.awssdk.services.s3.S3Client;
import software.amazon.awssdk.services.s3.model.CompletedPart;

/**
 * An object that comes as a stream. It goes to a file first: its parts are sent from there as they are complete, and all of
 * them again where S3 wants it. What is smaller than a part is one request. Used by one thread.
 */
final class S3Upload implements ObjectStore.Upload {

    private static final Logger log = LoggerFactory.getLogger(S3Upload.class);
    private static final String MIME = "application/octet-stream";
    /** As S3 limits it. */
    private static final int MOST_PARTS = 10_000;
    private static final long LARGEST_PART = 5L << 30;
    /** Parts of one size; those after them are twice as large. So 10,000 of them, from 5 MiB on, are 8 TiB. */
    private static final int SAME_SIZE = 800;

    private final S3Client client;
    private final S3Writes writes;
    private final String bucket;
    private final String key;
    private final long partSize;
    private final Path file;
    private final FileChannel channel;
    private final OutputStream stream;
    private final List<CompletedPart> parts = new ArrayList<>();
    private @Nullable String uploadId;
    /** The id of the write that {@link #uploadId} was begun with. */
    private final String writeId = S3Writes.newId();
    private long size;
    /** Bytes that {@link #parts} have. */
    private long sent;

    S3Upload(S3Client client, S3Writes writes, String bucket, String key, Path folder, S3Settings settings) {
        this.client = client;
        this.writes = writes;
        this.bucket = bucket;
        this.key = key;
        this.partSize = settings.partSize().toBytes();
        try {
            this.file = Files.createTempFile(folder, "upload-", ".part");
            this.channel = FileChannel.open(file, StandardOpenOption.READ, StandardOpenOption.WRITE,
                    StandardOpenOption.DELETE_ON_CLOSE);
            this.stream = new Spool();
        } catch (IOException e) {
            throw new StoreException("the upload of " + key + " cannot be kept in a file: " + e.getMessage(), e);
        }
    }

    /** Bytes of the part of that number, from 1, except the last. */
    private long sizeOf(int part) {
        return Math.min(LARGEST_PART, partSize << ((part - 1) / SAME_SIZE));
    }

    private final class Spool extends OutputStream {

        private final OutputStream out = Channels.newOutputStream(channel);

        @Override
        public void write(int b) throws IOException {
            out.write(b);
            grown(1);
        }

        @Override
        public void write(byte[] bytes, int offset, int length) throws IOException {
            out.write(bytes, offset, length);
            grown(length);
        }

        private void grown(int more) {
            size += more;
            // The last one stays: only then is it known whether it is one request after all.
            while (size - sent > sizeOf(parts.size() + 1)) {
                sendPart(sizeOf(parts.size() + 1));
            }
        }
    }

    @Override
    public OutputStream stream() {
        return stream;
    }

    @Override
    public boolean commit() {
        if (uploadId == null) {
            return writes.create(key, part(0, size), size).isPresent();
        }
        boolean created = writes.create(key, writeId, "upload", () -> {
            while (sent < size) {
                sendPart(Math.min(size - sent, sizeOf(parts.size() + 1)));
            }
            return complete();
        }).isPresent();
        if (created) {
            uploadId = null;
        }
        return created;
    }

    private String complete() {
        try {
            return client.completeMultipartUpload(complete -> complete.bucket(bucket).key(key).uploadId(uploadId)
                    .ifNoneMatch("*")
                    .multipartUpload(upload -> upload.parts(parts))
                    .overrideConfiguration(writes.limits(size))).eTag();
        } catch (SdkException e) {
            if (S3Errors.refusal(e) == S3Errors.Refusal.CONFLICT) {
                // S3 wants all of it again.
                abort();
                parts.clear();
                sent = 0;
            }
            throw e;
        }
    }

    private void sendPart(long length) {
        if (parts.size() == MOST_PARTS) {
            throw new StoreException(key + " is larger than S3 takes", null);
        }
        try {
            String upload = uploadId;
            if (upload == null) {
                upload = client.createMultipartUpload(create -> create.bucket(bucket).key(key).contentType(MIME)
                        .metadata(S3Writes.metadata(writeId))).uploadId();
                uploadId = upload;
            }
            int number = parts.size() + 1;
            String id = upload;
            String etag = client.uploadPart(part -> part.bucket(bucket).key(key).uploadId(id).partNumber(number)
                    .overrideConfiguration(writes.limits(length)), part(sent, length)).eTag();
            parts.add(CompletedPart.builder().partNumber(number).eTag(etag).build());
            sent += length;
        } catch (SdkException e) {
            throw S3Errors.failed("upload", key, e);
        }
    }

    private RequestBody part(long from, long length) {
        return RequestBody.fromContentProvider(() -> new Range(from, from + length), length, MIME);
    }

    /** Part of the file. */
    private final class Range extends InputStream {

        private final long end;
        private long position;

        Range(long from, long end) {
            this.position = from;
            this.end = end;
        }

        @Override
        public int read() throws IOException {
            byte[] one = new byte[1];
            return read(one, 0, 1) < 0 ? -1 : one[0] & 0xff;
        }

        @Override
        public int read(byte[] into, int offset, int length) throws IOException {
            if (length == 0) {
                return 0;
            }
            if (position == end) {
                return -1;
            }
            int some = channel.read(ByteBuffer.wrap(into, offset, (int) Math.min(length, end - position)),
                    position);
            position += Math.max(0, some);
            return some;
        }
    }

    @Override
    public void close() {
        try (channel) {
            abort();
        } catch (IOException e) {
            throw new StoreException("the file of an upload cannot be removed: " + e.getMessage(), e);
        }
    }

    /** S3 keeps the parts of what is not completed. */
    private void abort() {
        String upload = uploadId;
        uploadId = null;
        if (upload != null) {
            try {
                client.abortMultipartUpload(abort -> abort.bucket(bucket).key(key).uploadId(upload));
            } catch (SdkException e) {
                log.warn("the upload of {} was broken off and is aborted later: {}", key, S3Errors.reason(e));
            }
        }
    }
}
