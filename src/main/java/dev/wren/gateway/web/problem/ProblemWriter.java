package dev.wren.gateway.web.problem;

import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.springframework.http.HttpHeaders;
import org.springframework.http.MediaType;
import tools.jackson.databind.json.JsonMapper;

/** Writes problems as RFC 9457 says, whatever the request accepts. Safe for use by several threads. */
public final class ProblemWriter {

    private static final JsonMapper JSON = JsonMapper.shared();

    private ProblemWriter() {
    }

    /** The members of a problem's body, in order. */
    static Map<String, Object> body(ProblemException problem) {
        Map<String, Object> body = new LinkedHashMap<>();
        body.put("type", "urn:wren:problem:" + problem.type().slug());
        body.put("title", problem.type().title());
        body.put("status", problem.type().status());
        body.put("detail", problem.detail());
        if (!problem.errors().isEmpty()) {
            List<Map<String, String>> errors = new ArrayList<>();
            for (ProblemException.FieldError error : problem.errors()) {
                Map<String, String> each = new LinkedHashMap<>();
                if (error.pointer() != null) {
                    each.put("pointer", error.pointer());
                }
                if (error.parameter() != null) {
                    each.put("parameter", error.parameter());
                }
                each.put("detail", error.detail());
                errors.add(each);
            }
            body.put("errors", errors);
        }
        body.putAll(problem.properties());
        return body;
    }

    /**
     * Makes the problem the answer.
     *
     * @throws IOException also if part of another answer is out already: the server cuts the connection then, so that
     * nobody takes the part for the whole
     */
    public static void write(HttpServletResponse response, ProblemException problem) throws IOException {
        if (response.isCommitted()) {
            throw Streaming.cutOff("an answer");
        }
        response.resetBuffer();
        response.setStatus(problem.type().status());
        Duration retryAfter = problem.retryAfter();
        if (retryAfter != null) {
            response.setHeader(HttpHeaders.RETRY_AFTER, Long.toString(Math.max(1, retryAfter.toSeconds())));
        }
        response.setContentType(MediaType.APPLICATION_PROBLEM_JSON_VALUE);
        byte[] body = text(problem);
        response.setContentLength(body.length);
        response.getOutputStream().write(body);
        response.flushBuffer();
    }

    static byte[] text(ProblemException problem) {
        return JSON.writeValueAsString(body(problem)).getBytes(StandardCharsets.UTF_8);
    }
}
