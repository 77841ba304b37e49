-- Undoes the baseline where nothing can be lost by it.
--
-- On a database that was in use before, the baseline created nothing, so these tables are not its own to drop:
-- as long as one of them holds a row, this refuses.

do $$
declare
    relation text;
    has_rows boolean;
begin
    foreach relation in array array['sweep', 'parameter_choices', 'run', 'chart', 'run_log', 'run_blob'] loop
        execute format('select exists (select from public.%I)', relation) into has_rows;
        if has_rows then
            raise exception 'the table public.% holds rows: they are not dropped by a migration', relation
                using hint = 'Delete the rows, or drop the tables by hand, if they are really to go.';
        end if;
    end loop;
end
$$;

drop function if exists
    public.non_sweep_run,
    public.every_nth_run_log,
    public.except_every_nth_run_log,
    public.logs_less_than_step,
    public.empty_sweeps,
    public.filter_runs,
    public.filter_sweeps,
    public.bytea_to_text,
    public.has_logs,
    public.sweep_metadata_path;

drop table public.run_blob, public.run_log, public.chart, public.run, public.parameter_choices, public.sweep;
