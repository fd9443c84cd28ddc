package dev.wren.gateway.web;

import dev.wren.gateway.web.problem.ProblemException;
import dev.wren.gateway.web.problem.ProblemType;
import dev.wren.gateway.web.problem.ServerProblems;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;
import org.springframework.core.DefaultParameterNameDiscoverer;
import org.springframework.core.MethodParameter;
import org.springframework.core.annotation.AnnotatedElementUtils;
import org.springframework.web.bind.annotation.RequestMapping;
import org.springframework.web.bind.annotation.RequestParam;
import org.springframework.web.method.HandlerMethod;
import org.springframework.web.servlet.HandlerInterceptor;

/**
 * Refuses query parameters that a controller does not know, or knows only once, and bodies that it does not take. Safe for use
 * by several threads.
 */
final class StrictParameters implements HandlerInterceptor {

    private static final String OURS = "dev.wren.";
    /** Bytes looked at of a body that should not be there. */
    private static final int LOOK = 64;

    /** For each controller's method: its parameters, and whether they may be repeated. */
    private final ConcurrentMap<HandlerMethod, Map<String, Boolean>> known = new ConcurrentHashMap<>();

    @Override
    public boolean preHandle(HttpServletRequest request, HttpServletResponse response, Object handler)
            throws IOException {
        if (!(handler instanceof HandlerMethod method) || !method.getBeanType().getName().startsWith(OURS)
                || method.getBeanType() == ServerProblems.class) {
            return true;
        }
        if (method.hasMethodAnnotation(OpenQuery.class)) {
            return true;
        }
        Map<String, Boolean> allowed = known.computeIfAbsent(method, StrictParameters::parameters);
        noBody(request, method);
        List<ProblemException.FieldError> errors = new ArrayList<>();
        request.getParameterMap().forEach((name, values) -> {
            Boolean repeated = allowed.get(name);
            if (repeated == null) {
                errors.add(new ProblemException.FieldError(null, name, allowed.isEmpty()
                        ? "There is no such parameter; there is none here."
                        : "There is no such parameter; there are " + allowed.keySet().stream().sorted().toList()
                                + "."));
            } else if (!repeated && values.length > 1) {
                errors.add(new ProblemException.FieldError(null, name, "This parameter may be given once."));
            }
        });
        if (!errors.isEmpty()) {
            throw new ProblemException(ProblemType.INVALID_REQUEST, "The query is not valid.", errors);
        }
        return true;
    }

    /** Refuses a body where there is nothing to say; {@code {}}, which many clients send, says nothing. */
    private static void noBody(HttpServletRequest request, HandlerMethod method) throws IOException {
        RequestMapping found = AnnotatedElementUtils.findMergedAnnotation(method.getMethod(), RequestMapping.class);
        if (found == null || found.consumes().length > 0 || request.getContentLengthLong() == 0) {
            return;
        }
        String start = new String(request.getInputStream().readNBytes(LOOK), StandardCharsets.UTF_8).strip();
        if (!start.isEmpty() && !start.equals("{}")) {
            throw ProblemException.atPointer(ProblemType.INVALID_REQUEST, "", "This takes no body.");
        }
    }

    private static Map<String, Boolean> parameters(HandlerMethod method) {
        Map<String, Boolean> names = new HashMap<>();
        for (MethodParameter parameter : method.getMethodParameters()) {
            RequestParam annotation = parameter.getParameterAnnotation(RequestParam.class);
            if (annotation != null) {
                parameter.initParameterNameDiscovery(new DefaultParameterNameDiscoverer());
                String name = annotation.name().isEmpty() ? parameter.getParameterName() : annotation.name();
                if (name != null) {
                    names.put(name, Collection.class.isAssignableFrom(parameter.getParameterType()));
                }
            }
        }
        return names;
    }
}
