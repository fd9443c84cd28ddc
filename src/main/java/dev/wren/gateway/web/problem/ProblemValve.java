package dev.wren.gateway.web.problem;

import java.io.IOException;
import org.apache.catalina.connector.Request;
import org.apache.catalina.connector.Response;
import org.apache.catalina.valves.ErrorReportValve;
import org.jspecify.annotations.Nullable;

/** Tomcat's own refusals, of requests that it cannot even read, as problems. Made by Tomcat. */
public final class ProblemValve extends ErrorReportValve {

    @Override
    protected void report(Request request, Response response, @Nullable Throwable throwable) {
        int status = response.getStatus();
        if (status < 400 || response.getContentWritten() > 0 || !response.setErrorReported()) {
            return;
        }
        try {
            ProblemException problem = ServerProblems.of(status);
            response.setStatus(problem.type().status());
            response.setContentType("application/problem+json");
            response.getOutputStream().write(ProblemWriter.text(problem));
            response.finishResponse();
        } catch (IOException | IllegalStateException _) {
            // The connection is gone: nobody is there to be told.
        }
    }
}
