namespace CodexOrleans.Storage.Log;

/// <summary>Columns of threads and turns under the names of the records' members, by which Dapper maps them, in any database.</summary>
internal static class LogRows
{
    /// <summary>The first of <see cref="Usage"/>, null where nothing is known.</summary>
    public const string FirstOfUsage = nameof(TokenUsage.InputTokens);

    public const string Usage =
        $"""
        input_tokens AS {FirstOfUsage}, cached_input_tokens AS {nameof(TokenUsage.CachedInputTokens)},
        cache_write_input_tokens AS {nameof(TokenUsage.CacheWriteInputTokens)}, output_tokens AS {nameof(TokenUsage.OutputTokens)},
        reasoning_output_tokens AS {nameof(TokenUsage.ReasoningOutputTokens)}
        """;

    /// <summary>Without the thread's id, which each database keeps in its own way, and the tokens.</summary>
    public const string Turn =
        $"""
        id AS {nameof(TurnRecord.Id)}, status AS {nameof(TurnRecord.Status)}, host AS {nameof(TurnRecord.Host)},
        first_seq AS {nameof(TurnRecord.FirstSeq)}, last_seq AS {nameof(TurnRecord.LastSeq)},
        started_at AS {nameof(TurnRecord.StartedAt)}, ended_at AS {nameof(TurnRecord.EndedAt)},
        error_code AS {nameof(TurnRecord.ErrorCode)}, error_message AS {nameof(TurnRecord.ErrorMessage)}
        """;

    /// <summary>Without the running turn and the tokens.</summary>
    public const string Thread =
        $"""
        id AS {nameof(ThreadRecord.Id)}, generation AS {nameof(ThreadRecord.Generation)}, head_seq AS {nameof(ThreadRecord.HeadSeq)},
        codex_thread_id AS {nameof(ThreadRecord.CodexThreadId)}, options AS {nameof(ThreadRecord.Options)},
        created_at AS {nameof(ThreadRecord.CreatedAt)}, updated_at AS {nameof(ThreadRecord.UpdatedAt)}
        """;

    public static ThreadRecord With(ThreadRecord thread, TokenUsage usage) => thread with { CumulativeUsage = usage };

    public static TurnRecord With(TurnRecord turn, TokenUsage? usage) => turn with { Usage = usage };
}
