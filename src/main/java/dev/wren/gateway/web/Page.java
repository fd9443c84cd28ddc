package dev.wren.gateway.web;

import com.fasterxml.jackson.annotation.JsonInclude;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.springframework.http.HttpHeaders;
import org.springframework.http.ResponseEntity;

/**
 * Part of a list.
 *
 * @param items in the list's order
 * @param next relative URL of the part after it; absent where this is the last
 */
public record Page<T>(List<T> items, @JsonInclude(JsonInclude.Include.NON_NULL) @Nullable String next) {

    public Page {
        if (!(items instanceof LazyList)) {
            items = List.copyOf(items);
        }
    }

    /** The {@code Link} header of RFC 8288 to the next part. */
    public Optional<String> link() {
        return Optional.ofNullable(next).map(url -> "<" + url + ">; rel=\"next\"");
    }

    /** The answer, with its header. */
    public ResponseEntity<Page<T>> response() {
        ResponseEntity.BodyBuilder answer = ResponseEntity.ok();
        link().ifPresent(link -> answer.header(HttpHeaders.LINK, link));
        return answer.body(this);
    }
}
