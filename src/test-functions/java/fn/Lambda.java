package fn;

import com.amazonaws.services.lambda.runtime.Context;
import com.amazonaws.services.lambda.runtime.RequestHandler;
import java.util.Map;

/** A function of AWS Lambda. */
public class Lambda implements RequestHandler<Map<String, Integer>, Map<String, Object>> {
    @Override
    public Map<String, Object> handleRequest(Map<String, Integer> event, Context context) {
        context.getLogger().log("hello");
        return Map.of("sum", event.values().stream().mapToInt(Integer::intValue).sum(), "request",
                context.getAwsRequestId(), "function", context.getFunctionName(), "inTime",
                context.getRemainingTimeInMillis() > 0);
    }
}
