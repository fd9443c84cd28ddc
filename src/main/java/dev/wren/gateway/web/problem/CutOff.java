package dev.wren.gateway.web.problem;

import jakarta.servlet.FilterChain;
import jakarta.servlet.ServletException;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import org.springframework.core.Ordered;
import org.springframework.core.annotation.Order;
import org.springframework.stereotype.Component;
import org.springframework.web.context.request.RequestAttributes;
import org.springframework.web.context.request.RequestContextHolder;
import org.springframework.web.filter.OncePerRequestFilter;

/**
 * Cuts the connection of an answer that was begun and cannot be written to its end, so that nobody takes the part for the
 * whole. Outside of everything that would log what passes through it. Safe for use by several threads.
 */
@Component
@Order(Ordered.HIGHEST_PRECEDENCE)
public final class CutOff extends OncePerRequestFilter {

    private static final String ATTRIBUTE = CutOff.class.getName();

    /** The answer of this thread's request is to be cut off. */
    public static void mark() {
        RequestContextHolder.currentRequestAttributes().setAttribute(ATTRIBUTE, true, RequestAttributes.SCOPE_REQUEST);
    }

    @Override
    protected void doFilterInternal(HttpServletRequest request, HttpServletResponse response, FilterChain chain)
            throws ServletException, IOException {
        chain.doFilter(request, response);
        if (request.getAttribute(ATTRIBUTE) != null) {
            throw Streaming.cutOff("an answer");
        }
    }
}
