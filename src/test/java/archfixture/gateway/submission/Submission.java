package archfixture.gateway.submission;

/** Named by a view. */
public class Submission {
}
