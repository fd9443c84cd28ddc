package dev.wren.gateway.web;

import org.springframework.http.CacheControl;
import org.springframework.http.ResponseEntity;

/** Answers that a caller who has them need not be sent again (RFC 9110, section 13). */
public final class ETags {

    private ETags() {
    }

    /**
     * Marks an answer with a tag of its content. The tag is weak, so that the answer may still be compressed; whoever
     * keeps it has to ask each time, since everything here can be deleted.
     *
     * @param content what the answer is made of, without quotes; the same for as long as the answer is
     */
    public static ResponseEntity.BodyBuilder tag(ResponseEntity.BodyBuilder answer, String content) {
        return answer.eTag("W/\"" + FORM + content + "\"").cacheControl(CacheControl.noCache().cachePrivate());
    }

    /** The form of the answers; another one when views change. */
    private static final String FORM = "1-";
}
