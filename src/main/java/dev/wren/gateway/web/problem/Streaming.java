package dev.wren.gateway.web.problem;

import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import org.apache.coyote.CloseNowException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Answers that are written as they become known. */
public final class Streaming {

    private static final Logger log = LoggerFactory.getLogger(Streaming.class);

    private Streaming() {
    }

    /** Writes a body. */
    @FunctionalInterface
    public interface Writing {
        void write() throws IOException, InterruptedException;
    }

    /**
     * Writes a body. When it cannot be written to its end, and part of it is out already, the connection is cut, so that
     * nobody takes the part for the whole.
     *
     * @param what is written, for the log
     */
    public static void write(HttpServletResponse response, String what, Writing writing)
            throws IOException, InterruptedException {
        try {
            writing.write();
        } catch (RuntimeException e) {
            if (!response.isCommitted()) {
                throw e;
            }
            log.warn("{} was cut off: {}", what, e.getMessage());
            throw cutOff(what);
        }
    }

    /** What cuts the connection. */
    public static IOException cutOff(String what) {
        return new CloseNowException(what + " was cut off");
    }
}
