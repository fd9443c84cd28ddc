package dev.wren.gateway.web;

import dev.wren.gateway.web.problem.ProblemException;
import dev.wren.gateway.web.problem.ProblemType;
import dev.wren.gateway.web.problem.ProblemWriter;
import jakarta.servlet.FilterChain;
import jakarta.servlet.ReadListener;
import jakarta.servlet.ServletException;
import jakarta.servlet.ServletInputStream;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletRequestWrapper;
import jakarta.servlet.http.HttpServletResponse;
import java.io.EOFException;
import java.io.FilterInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.util.Collections;
import java.util.List;
import java.util.Locale;
import java.util.zip.GZIPInputStream;
import java.util.zip.ZipException;
import org.jspecify.annotations.Nullable;
import org.springframework.http.HttpHeaders;
import org.springframework.stereotype.Component;
import org.springframework.web.filter.OncePerRequestFilter;

/**
 * Bodies that come as {@code Content-Encoding: gzip}: whoever reads one gets what it was made of, while it comes in, so that
 * all limits are limits of that. Other codings are refused, as RFC 9110, section 15.5.16, says.
 */
@Component
final class ContentCoding extends OncePerRequestFilter {

    private static final String GZIP = "gzip";

    @Override
    protected void doFilterInternal(HttpServletRequest request, HttpServletResponse response, FilterChain chain)
            throws ServletException, IOException {
        List<String> codings = Collections.list(request.getHeaders(HttpHeaders.CONTENT_ENCODING)).stream()
                .flatMap(each -> List.of(each.split(",")).stream())
                .map(each -> each.strip().toLowerCase(Locale.ROOT))
                .filter(each -> !each.isEmpty() && !each.equals("identity")).toList();
        if (codings.isEmpty()) {
            chain.doFilter(request, response);
        } else if (codings.equals(List.of(GZIP)) || codings.equals(List.of("x-gzip"))) {
            chain.doFilter(new Inflated(request), response);
        } else {
            response.setHeader(HttpHeaders.ACCEPT_ENCODING, GZIP);
            ProblemWriter.write(response, ProblemException.atParameter(ProblemType.UNSUPPORTED_MEDIA_TYPE,
                    HttpHeaders.CONTENT_ENCODING, "A body is as it is, or gzip once."));
        }
    }

    private static final class Inflated extends HttpServletRequestWrapper {

        private @Nullable ServletInputStream body;

        Inflated(HttpServletRequest request) {
            super(request);
        }

        @Override
        public ServletInputStream getInputStream() throws IOException {
            if (body == null) {
                body = new Gunzip(new Source(super.getInputStream()));
            }
            return body;
        }

        @Override
        public int getContentLength() {
            return -1;
        }

        @Override
        public long getContentLengthLong() {
            return -1;
        }
    }

    /** What the client sends; tells a client that goes away from bytes that are no gzip. */
    private static final class Source extends FilterInputStream {

        private boolean failed;

        Source(InputStream in) {
            super(in);
        }

        @Override
        public int read() throws IOException {
            byte[] one = new byte[1];
            return read(one, 0, 1) < 0 ? -1 : one[0] & 0xff;
        }

        @Override
        public int read(byte[] bytes, int offset, int length) throws IOException {
            try {
                return super.read(bytes, offset, length);
            } catch (IOException e) {
                failed = true;
                throw e;
            }
        }
    }

    private static final class Members extends GZIPInputStream {

        private static final int BUFFER = 8 << 10;
        /** Bytes at the end of a member, which the inflater leaves: RFC 1952, section 2.3.1. */
        private static final int TRAILER = 8;

        Members(InputStream in) throws IOException {
            super(in, BUFFER);
        }

        /** Whether something follows the last member; after the end. */
        boolean hasMore() throws IOException {
            return inf.getRemaining() > TRAILER || in.read() >= 0;
        }
    }

    private static final class Gunzip extends ServletInputStream {

        private final Source source;
        private @Nullable Members members;
        private boolean finished;

        Gunzip(Source source) {
            this.source = source;
        }

        @Override
        public int read() throws IOException {
            byte[] one = new byte[1];
            return read(one, 0, 1) < 0 ? -1 : one[0] & 0xff;
        }

        @Override
        public int read(byte[] bytes, int offset, int length) throws IOException {
            try {
                return inflate(bytes, offset, length);
            } catch (EOFException | ZipException e) {
                if (source.failed) {
                    throw e;
                }
                throw ProblemException.atParameter(ProblemType.INVALID_REQUEST, HttpHeaders.CONTENT_ENCODING,
                        "The body is no gzip: " + e.getMessage() + ".");
            }
        }

        private int inflate(byte[] bytes, int offset, int length) throws IOException {
            if (finished) {
                return -1;
            }
            Members all = members;
            if (all == null) {
                all = new Members(source);
                members = all;
            }
            int count = all.read(bytes, offset, length);
            if (count < 0) {
                finished = true;
                if (all.hasMore()) {
                    throw new ZipException("something follows its end");
                }
            }
            return count;
        }

        @Override
        public boolean isFinished() {
            return finished;
        }

        @Override
        public boolean isReady() {
            return true;
        }

        @Override
        public void setReadListener(ReadListener listener) {
            throw new IllegalStateException("bodies are read by blocking");
        }

        @Override
        public void close() throws IOException {
            source.close();
        }
    }
}
