/* Gray-Scott as a C programmer would write it: two species, two buffers each, ghost cells, explicit Euler, doubles.
 *
 * A field has (rows + 2) x (cols + 2) cells. Every row is handed to `update_row` as a restrict pointer of its own, so
 * that the compiler knows that nothing overlaps and vectorises the loop without a test at run time.
 */

struct coefficients {
    double diffusion_u, diffusion_v, feed, kill, dt;
};

static void fill_ghosts(double *field, long rows, long cols)
{
    const long width = cols + 2;
    for (long j = 1; j <= cols; j++) {
        field[j] = field[rows * width + j];
        field[(rows + 1) * width + j] = field[width + j];
    }
    for (long i = 1; i <= rows; i++) {
        field[i * width] = field[i * width + cols];
        field[i * width + cols + 1] = field[i * width + 1];
    }
}

static void update_row(long cols, const struct coefficients *c,
                       const double *restrict u_north, const double *restrict u, const double *restrict u_south,
                       const double *restrict v_north, const double *restrict v, const double *restrict v_south,
                       double *restrict u_out, double *restrict v_out)
{
    const double du = c->diffusion_u * c->dt, dv = c->diffusion_v * c->dt, dt = c->dt;
    const double feed = c->feed, removal = c->feed + c->kill;
    for (long j = 1; j <= cols; j++) {
        const double conversion = u[j] * v[j] * v[j];
        const double u_lap = (u_north[j] + u_south[j]) + (u[j - 1] + u[j + 1]) - 4 * u[j];
        const double v_lap = (v_north[j] + v_south[j]) + (v[j - 1] + v[j + 1]) - 4 * v[j];
        u_out[j] = u[j] + du * u_lap + dt * (feed * (1 - u[j]) - conversion);
        v_out[j] = v[j] + dv * v_lap + dt * (conversion - removal * v[j]);
    }
}

/* Make `steps` steps on a periodic grid; after an even number of them the result is in u and v, else in the others. */
void gray_scott(long rows, long cols, long steps, const struct coefficients *c,
                double *u, double *v, double *u_other, double *v_other)
{
    const long width = cols + 2;
    for (long step = 0; step < steps; step++) {
        fill_ghosts(u, rows, cols);
        fill_ghosts(v, rows, cols);
        for (long i = 1; i <= rows; i++) {
            const double *ui = u + i * width, *vi = v + i * width;
            update_row(cols, c, ui - width, ui, ui + width, vi - width, vi, vi + width,
                       u_other + i * width, v_other + i * width);
        }
        double *swap = u; u = u_other; u_other = swap;
        swap = v; v = v_other; v_other = swap;
    }
}
